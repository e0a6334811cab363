"""E-mail: each message is one mail, handed in at a server."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from agent.alerts.channel import Gone, Later, Message, Never, Severity
from agent.alerts.text import headline, text
from agent.host.log import say
from edge.deadline import held_for, tls_of
from edge.sockets import HeldSocket


class MailServer(NamedTuple):
    """A mail server, and who is told from whom; `security` is starttls, tls or none."""

    host: str
    port: int
    security: str
    sender: str
    to: Sequence[str]
    user: str = ""
    password: str = ""
    seconds: float = 20.0


class Mail:
    """A channel that mails. A mail that is handed in at least for one of those to be told has arrived."""

    def __init__(self, name: str, server: MailServer) -> None:
        self.name = name
        self._server = server

    def send(self, message: Message) -> None:
        """Hand a mail in."""
        mail = mail_of(message, self._server)
        with held_for(self._server.seconds) as held:
            try:
                with self._opened(held) as connection:
                    refused = connection.send_message(mail)
            except (smtplib.SMTPException, OSError) as error:
                fault = _meaning(TimeoutError() if held.is_cut else error, self._server.host)
            else:
                for address, (code, _) in refused.items():
                    say(
                        "warning", "a mail address was refused", channel=self.name, address=address, code=code
                    )
                return
        raise fault  # outside the except block: what a library raises may hold the password

    @contextmanager
    def _opened(self, held: HeldSocket) -> Iterator[smtplib.SMTP]:
        """Yield a connection that is logged in, and whose socket is held from its first word on."""
        server, context = self._server, tls_of(held)

        class HeldMail(smtplib.SMTP):
            def getreply(self) -> tuple[int, bytes]:
                held.hold(self.sock)
                return super().getreply()

        class HeldMailTls(HeldMail, smtplib.SMTP_SSL):
            pass

        opened = (
            HeldMailTls(server.host, server.port, timeout=server.seconds, context=context)
            if server.security == "tls"
            else HeldMail(server.host, server.port, timeout=server.seconds)
        )
        with opened:
            if server.security == "starttls":
                opened.starttls(context=context)
            if server.user:
                opened.login(server.user, server.password)
            yield opened


def mail_of(message: Message, server: MailServer) -> EmailMessage:
    """Return a message as a mail; the same message has the same Message-ID, so a double is seen as one."""
    mail = EmailMessage()
    mail["Subject"] = headline(message)
    mail["From"] = server.sender
    mail["To"] = ", ".join(server.to)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{server.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.severity is Severity.CRITICAL:
        mail["Importance"] = "high"
    mail.set_content(text(message))
    return mail


def _meaning(error: Exception, host: str) -> Exception:  # noqa: PLR0911 -- one case an error
    """Return what an error means; of what a server said its code: the text may repeat what was sent."""
    match error:
        case ssl.SSLCertVerificationError():
            return Gone(f"the certificate of {host} is not believed: {error.verify_message}")
        case smtplib.SMTPAuthenticationError():
            return Gone(f"{host} refuses user and password (code {error.smtp_code})")
        case smtplib.SMTPNotSupportedError():
            return Gone(f"{host} does not offer what is set: STARTTLS or a login")
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({code for code, _ in error.recipients.values()})
            final = all(code >= 500 for code in codes)
            why = f"{host} refuses every address (code {codes[0]})"
            return Gone(why) if final else Later(None, why)
        case smtplib.SMTPSenderRefused() if error.smtp_code >= 500:
            return Gone(f"{host} refuses the sender (code {error.smtp_code})")
        case smtplib.SMTPDataError() if error.smtp_code >= 500:
            return Never(f"{host} refuses the mail (code {error.smtp_code})")
        case smtplib.SMTPResponseException():
            return Later(None, f"{host} answered {error.smtp_code}")
        case socket.gaierror():
            return Later(None, f"name lookup of {host} failed")
        case TimeoutError():
            return Later(None, f"no answer from {host} in time")
    return Later(None, f"connection to {host} failed ({type(error).__name__})")
