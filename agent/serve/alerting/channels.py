"""The channels that the settings name."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from agent.alerts.channel import Channel
from agent.alerts.channels.long_tail import LongTail
from agent.alerts.channels.mail import Mail, MailServer
from agent.alerts.channels.telegram import Telegram
from agent.alerts.channels.webhook import Target, Webhook
from agent.settings.upkeep.alerts import AlertSettings, MailSettings, WebhookSettings
from agent.settings.upkeep.section import secret_of
from agent.settings.upkeep.telegram import TelegramSettings
from agent.telegram.client import Bot
from domain.errors import BadInput
from domain.ports import Clock


class Configured:
    """The channels of the settings, by name, and every secret they hold: no text may show one.

    Raises BadInput for an address that is none, and for a secret that cannot be read.
    """

    def __init__(
        self, settings: AlertSettings, clock: Clock, telegram: TelegramSettings | None = None
    ) -> None:
        self.secrets: list[str] = []
        self._clock = clock
        self.channels: list[Channel] = [
            *self._webhooks(settings),
            *self._mails(settings),
            *self._rest(settings),
            *self._telegram(telegram or TelegramSettings()),
        ]

    def hide(self, text: str) -> str:
        """Return a text without the secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "[redacted]")
        return text

    def _secret(self, name: str, value: SecretStr | None, file: Path | None) -> str | None:
        secret = secret_of(f"alerts.{name}", value, file)
        if secret:
            self.secrets.append(secret)
        return secret

    def _webhooks(self, settings: AlertSettings) -> Iterator[Channel]:
        for name, each in settings.webhooks.items():
            yield self._webhook(name, each)

    def _webhook(self, name: str, given: WebhookSettings) -> Channel:
        about = f"webhooks.{name}"
        url = self._secret(f"{about}.url", given.url, None) or ""
        present = self._secret(f"{about}.secret", given.secret, given.secret_file)
        former = self._secret(f"{about}.former_secret", given.former_secret, given.former_secret_file)
        if present is None:
            raise BadInput(f"alerts.{about}.secret: is missing; the receiver knows by it who has posted")
        secrets = [each for each in (present, former) if each]
        target = Target(url, secrets, private=given.private, seconds=given.seconds)
        return Webhook(name, target, lambda: self._clock.now().timestamp())

    def _mails(self, settings: AlertSettings) -> Iterator[Channel]:
        for name, each in settings.mail.items():
            yield self._mail(name, each)

    def _mail(self, name: str, given: MailSettings) -> Channel:
        password = self._secret(f"mail.{name}.password", given.password, given.password_file) or ""
        server = MailServer(
            host=given.host,
            port=given.port,
            security=given.security,
            sender=given.sender,
            to=given.to,
            user=given.user,
            password=password,
            seconds=given.seconds,
        )
        return Mail(name, server)

    def _rest(self, settings: AlertSettings) -> Iterator[Channel]:
        for name, each in settings.apprise.items():
            url = self._secret(f"apprise.{name}.url", each.url, each.url_file)
            if not url:
                raise BadInput(
                    f"alerts.apprise.{name}.url: is missing, such as ntfy://ntfy.example.org/topic"
                )
            yield LongTail(name, url, each.seconds)

    def _telegram(self, settings: TelegramSettings) -> Iterator[Channel]:
        token = settings.secret()
        if token is not None and settings.told:
            self.secrets.append(token)
            yield Telegram(Bot(settings.base_url, token), settings.told)
