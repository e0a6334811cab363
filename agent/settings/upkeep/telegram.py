"""The bot that an account is asked and steered by."""

from agent.settings.upkeep.section import Section


class TelegramSettings(Section):
    """The Telegram bot: its token, and who may speak with it."""
