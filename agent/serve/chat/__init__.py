"""The chat: the agents of a home asked and steered over Telegram, each command once and only by who may."""
