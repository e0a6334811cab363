"""The Bot API's client over real sockets: what each refusal means, and that the token is told to nobody."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator

import pytest

from agent.telegram.client import Bot
from agent.telegram.faults import BotFault, Conflict, Flood, NoAnswer, Rejected, TokenRefused, hidden
from tests.shared import in_time
from tests.telegram.bot_api import BAD_GATEWAY, CHAT, CONFLICT, TOKEN, BotApi, Fault, Served, bot_api, refusal

SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def served() -> Iterator[Served]:
    with bot_api() as served:
        yield served


@pytest.fixture
def bot(served: Served) -> Iterator[Bot]:
    bot = Bot(served.url, TOKEN)
    yield bot
    bot.close()


def test_it_says_who_it_is_and_takes_updates_confirming_them(served: Served, bot: Bot) -> None:
    assert bot.me() == (110201543, "boyd_bot")
    first = served.api.say("/kill")
    batch = bot.updates(None, 1)
    assert [each["update_id"] for each in batch.updates] == [first]
    assert batch.now is not None
    assert [each["update_id"] for each in bot.updates(None, 1).updates] == [first]  # not confirmed
    assert bot.updates(first + 1, 1).updates == []


def test_the_text_goes_as_it_is_with_its_buttons_and_no_markup(served: Served, bot: Bot) -> None:
    bot.send(CHAT, "a_b *c* <d> & (e) - f. https://example.com", reply_to=5)
    body = served.api.sent[-1].body
    assert body["text"] == "a_b *c* <d> & (e) - f. https://example.com"
    assert "parse_mode" not in body
    assert body["link_preview_options"] == {"is_disabled": True}
    assert body["reply_parameters"] == {"message_id": 5, "allow_sending_without_reply": True}


REFUSALS: list[tuple[Fault, type[BotFault]]] = [
    (refusal(429, "Too Many Requests", retry_after=7), Flood),
    (Fault(429, b"<html>", headers=(("Retry-After", "7"),)), Flood),
    (BAD_GATEWAY, NoAnswer),
    (refusal(500, "Internal Server Error"), NoAnswer),
    (CONFLICT, Conflict),
    (refusal(401, f"Unauthorized for {TOKEN}"), TokenRefused),
    (refusal(404, "Not Found"), TokenRefused),
    (Fault(404, b"a proxy's page"), NoAnswer),
    (refusal(400, "Bad Request: chat not found"), Rejected),
    (refusal(403, "Forbidden: bot was blocked by the user"), Rejected),
    (Fault(200, b'{"ok": false}'), NoAnswer),
    (Fault(200, b"no json"), NoAnswer),
    (Fault(302, b"", headers=(("Location", "http://127.0.0.1:1/"),)), NoAnswer),
    (Fault(cut=True), NoAnswer),
]


@pytest.mark.parametrize(("fault", "kind"), REFUSALS)
def test_each_refusal_is_what_it_means(served: Served, bot: Bot, fault: Fault, kind: type[BotFault]) -> None:
    served.api.faults["sendMessage"].append(fault)
    with pytest.raises(kind) as raised:
        bot.send(CHAT, "hello")
    assert type(raised.value) is kind
    if isinstance(raised.value, Flood):
        assert raised.value.seconds == 7
    bot.send(CHAT, "hello")  # and the next call works


def test_a_slow_answer_is_given_up_though_it_was_delivered(served: Served, bot: Bot) -> None:
    served.api.faults["getUpdates"].append(Fault(seconds=1.0, delivered=True))
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="no answer from"):
        bot.wire.post("getUpdates", {}, 0.2)
    in_time(began, 0.9)


def test_one_that_waits_is_cut_from_another_thread_and_asks_nothing_more(served: Served, bot: Bot) -> None:
    threading.Timer(0.2, bot.wire.cut).start()
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        bot.updates(None, 30)
    in_time(began, 1.5)
    calls = len(served.api.calls)
    with pytest.raises(NoAnswer) as raised:
        bot.send(CHAT, "hello")
    assert raised.value.sent is False
    assert len(served.api.calls) == calls


def test_nobody_there_is_known_not_to_have_been_told() -> None:
    bot = Bot("http://127.0.0.1:9", TOKEN)  # the port of discard: nobody listens
    with pytest.raises(NoAnswer) as raised:
        bot.send(CHAT, "hello")
    assert raised.value.sent is False
    bot.close()


def _errors(api: BotApi, bot: Bot) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every way in which a call can fail."""
    for number, (fault, _) in enumerate(REFUSALS):

        def call(fault: Fault = fault) -> object:
            api.faults["sendMessage"].append(fault)
            return bot.send(CHAT, "hello")

        yield f"refusal {number}", call
    yield "another token", lambda: Bot(f"http://127.0.0.1:{_port(bot)}", f"1{TOKEN}").me()
    yield "nobody there", lambda: Bot("http://127.0.0.1:9", TOKEN).me()
    yield "no name", lambda: Bot("http://boyd.invalid", TOKEN).me()
    yield "no url", lambda: Bot("http://[::1", TOKEN).me()
    yield "given up", lambda: bot.wire.post("sendMessage", {}, 0.0)


def _port(bot: Bot) -> int:
    return int(bot.wire._url.split(":")[2].split("/")[0])


def test_the_token_is_in_no_error_traceback_or_log(
    served: Served, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    for what, call in _errors(served.api, bot):
        try:
            call()
        except Exception as error:  # noqa: BLE001 -- whichever: it is looked at
            told.append(f"{what} {''.join(traceback.format_exception(error))} {error!r}")
        else:
            raise AssertionError(what)
    told += [f"{each.getMessage()} {each.args} {each.msg}" for each in caplog.records]
    assert any("urllib3" in each.name for each in caplog.records)  # it does log paths
    assert not [each for each in told if SECRET in each]
    assert "[token]" in "".join(told)


def test_a_token_is_hidden_however_it_is_written() -> None:
    for text in (TOKEN, f"/bot{TOKEN}/getMe", TOKEN.replace(":", "%3A"), f'"{TOKEN}"'):
        assert SECRET not in hidden(text)
