"""The sandbox's core: account, books and markets moved by the time they are told."""
