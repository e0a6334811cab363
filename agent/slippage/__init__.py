"""Slippage: what market orders of a journal paid beyond their quote, and the models made of it."""
