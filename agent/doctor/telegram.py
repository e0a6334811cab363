"""The doctor's look at the Telegram bot: only where one is set is it asked, and only who it is."""

from collections.abc import Iterator

from agent.doctor.check import CheckResult
from agent.settings.upkeep.telegram import TelegramSettings
from agent.telegram.client import Bot
from agent.telegram.faults import BotFault, TokenRefused
from domain.errors import BadInput

SUBJECT = "telegram"


def examine(settings: TelegramSettings) -> Iterator[CheckResult]:
    """Yield what is found of the bot; nothing where none is set."""
    try:
        token = settings.secret()
    except BadInput as error:
        yield CheckResult(SUBJECT, "fail", str(error), "mend it: agent serve does not start with it")
        return
    if token is None:
        return
    yield _asked(settings, token)
    if not (settings.chats and settings.users):
        lacking = "telegram.users" if settings.chats else "telegram.chats"
        remedy = "write to the bot while agent serve runs: serve.log then has your ids (telegram: a stranger)"
        yield CheckResult(SUBJECT, "warn", f"{lacking} names nobody: nobody may ask", remedy)


def _asked(settings: TelegramSettings, token: str) -> CheckResult:
    bot = Bot(settings.base_url, token)
    try:
        me = bot.me()
    except TokenRefused as fault:
        return CheckResult(SUBJECT, "fail", str(fault), "set telegram.token as BotFather gives it")
    except BotFault as fault:
        remedy = "agent serve goes on without it and tries again; look at network and proxy"
        return CheckResult(SUBJECT, "warn", f"the bot cannot be asked: {fault}", remedy)
    finally:
        bot.close()
    return CheckResult(SUBJECT, "ok", f"the bot {me.name} answers")
