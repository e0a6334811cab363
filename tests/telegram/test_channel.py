"""Telegram as a channel of alerts: what each refusal means for the message, and its button."""

from collections.abc import Iterator

import msgspec
import pytest

from agent.alerts.channel import Gone, Later, Never
from agent.alerts.channels.telegram import Telegram
from agent.doctor.telegram import examine
from agent.settings.upkeep.telegram import TelegramSettings
from agent.telegram.client import Bot
from tests.agent.alerts.rig import message
from tests.agent.command import agent
from tests.telegram.bot_api import BAD_GATEWAY, CHAT, TOKEN, BotApi, Fault, bot_api, refusal

ENV = {"AGENT_TELEGRAM__TOKEN": TOKEN, "AGENT_TELEGRAM__CHATS": f"{CHAT},8"}


@pytest.fixture(scope="module")
def api() -> Iterator[tuple[str, BotApi]]:
    with bot_api() as served:
        yield served


@pytest.fixture
def channel(api: tuple[str, BotApi]) -> Iterator[Telegram]:
    url, _ = api
    channel = Telegram(Bot(url, TOKEN), [CHAT, 8])
    yield channel
    channel.bot.close()


def test_a_message_goes_to_every_chat_as_plain_text_with_its_id(
    api: tuple[str, BotApi], channel: Telegram
) -> None:
    before = len(api[1].sent)
    channel.send(msgspec.structs.replace(message(1), acknowledgeable=True, title="a_b <c> *d*"))
    told = api[1].sent[before:]
    assert [each.body["chat_id"] for each in told] == [CHAT, 8]
    assert "a_b <c> *d*" in told[0].text
    assert f"#{message(1).id}" in told[0].text
    assert told[0].buttons == [{"text": "I see to it", "callback_data": f"ack:{message(1).id}"}]
    channel.send(msgspec.structs.replace(message(1), id="other-1"))
    assert not api[1].sent[-1].buttons


def test_a_chat_that_was_told_is_passed_over_when_the_other_is_tried_again(
    api: tuple[str, BotApi], channel: Telegram
) -> None:
    before = len(api[1].sent)
    api[1].faults["sendMessage"].extend(
        [Fault(200, b'{"ok": true, "result": {}}', delivered=True), BAD_GATEWAY]
    )
    with pytest.raises(Later):
        channel.send(message(1))
    channel.send(message(1))
    assert [each.body["chat_id"] for each in api[1].sent[before:]] == [CHAT, 8]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (refusal(429, "Too Many Requests", retry_after=9), Later),
        (BAD_GATEWAY, Later),
        (refusal(401, "Unauthorized"), Gone),
        (refusal(403, "Forbidden: bot was kicked"), Gone),
        (refusal(400, "Bad Request: chat not found"), Gone),
        (refusal(400, "Bad Request: message is too odd"), Never),
    ],
)
def test_each_refusal_is_what_the_delivery_needs_to_know(
    api: tuple[str, BotApi], channel: Telegram, fault: Fault, kind: type[Exception]
) -> None:
    api[1].faults["sendMessage"].append(fault)
    with pytest.raises(kind) as raised:
        channel.send(message(1))
    assert type(raised.value) is kind
    if "Too Many" in str(fault.body):
        assert isinstance(raised.value, Later)
        assert raised.value.seconds == 9


def test_the_command_line_tries_it_lists_it_and_the_doctor_asks_who_it_is(
    api: tuple[str, BotApi], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root, (url, served) = tmp_path_factory.mktemp("home"), api
    env = ENV | {"AGENT_TELEGRAM__BASE_URL": url}
    before = len(served.sent)
    done = agent(root, "alerts", "test", "telegram", env=env)
    assert done.stdout == "arrived   telegram\n"
    assert "a test of this channel" in served.sent[before].text
    assert "channel   telegram: " in agent(root, "alerts", "list", env=env).stdout
    looked = agent(root, "doctor", env=env | {"AGENT_BINANCE__BASE_URL": "http://127.0.0.1:9"}, check=None)
    assert "the bot boyd_bot answers" in looked.stdout
    assert "telegram.users names nobody" in looked.stdout
    assert TOKEN not in done.stdout + done.stderr + looked.stdout


def test_the_doctor_says_nothing_where_no_bot_is_set_and_what_is_wrong_with_one(
    api: tuple[str, BotApi],
) -> None:
    assert list(examine(TelegramSettings())) == []
    given = {"token": TOKEN, "base_url": api[0], "chats": (CHAT,), "users": (1,)}
    api[1].faults["getMe"].append(refusal(401, f"Unauthorized {TOKEN}"))
    (refused,) = examine(TelegramSettings.model_validate(given))
    assert (refused.level, TOKEN in refused.what) == ("fail", False)
    (away,) = examine(TelegramSettings.model_validate(given | {"base_url": "http://127.0.0.1:9"}))
    assert away.level == "warn"
