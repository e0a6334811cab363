"""The words of the chat: what a message means, and which agent."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.telegram.words import WORDS, Asked, Way, for_another, is_command, parse
from domain.errors import BadInput

AGENTS = ("paper", "Live-1")


def asked(text: str, *agents: str) -> Asked:
    return parse(text, agents or AGENTS)


@pytest.mark.parametrize(
    ("text", "name", "agent", "reason"),
    [
        ("/kill", "kill", None, ""),
        ("/KILL odd prices", "kill", None, "odd prices"),
        ("/kill paper odd prices", "kill", "paper", "odd prices"),
        ("/kill live-1", "kill", "Live-1", ""),
        ("/kill all odd", "kill", "all", "odd"),
        ("/stopentry@boyd_bot", "kill", None, ""),
        ("/pause all is odd", "pause", None, "all is odd"),
        ("/resume paper", "reset_kill", "paper", ""),
        ("/forceexit all now", "flatten", None, "now"),
        ("/forceexit paper all", "flatten", "paper", ""),
        ("/status paper", "status", "paper", ""),
    ],
)
def test_a_message_means_a_command_an_agent_and_a_reason(
    text: str, name: str, agent: str | None, reason: str
) -> None:
    meant = asked(text)
    assert (meant.word.name, meant.agent, meant.reason) == (name, agent, reason)


def test_a_close_names_a_symbol_a_share_and_a_reason() -> None:
    meant = asked("/close paper btc/usdt 50% before the news")
    assert (meant.symbol, str(meant.share), meant.reason) == ("BTC-USDT", "0.5", "before the news")
    meant = asked("/fx BTC-USDT because")
    assert (meant.word.name, meant.symbol, meant.reason) == ("close", "BTC-USDT", "because")
    assert meant.share == 1
    assert asked("/close").symbol is None
    for wrong, said in (("200%", "at most 100%"), ("0", "above 0"), ("nan", "above 0")):
        with pytest.raises(BadInput, match=said):
            asked(f"/close BTC-USDT {wrong}")
    with pytest.raises(BadInput, match="/flatten"):
        asked("/close all")
    with pytest.raises(BadInput, match="not a symbol"):
        asked("/close btc$")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/flaten", "/flatten perhaps"),
        ("/", "no such command"),
        ("/status nobody", "not an agent of this home"),
        ("/version now", "takes nothing more"),
        ("/why x", "from 1 to"),
        ("/trades 51", "from 1 to 50"),
        ("/trades 0", "from 1 to 50"),
        ("/why paper 3 4", "is written /why"),
    ],
)
def test_what_cannot_be_meant_is_said_with_how_it_is_written(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        asked(text)


def test_a_number_stands_behind_the_agent() -> None:
    assert (asked("/why paper 812").number, asked("/why 812").number, asked("/why").number) == (
        812,
        812,
        None,
    )
    assert asked("/daily 30").number == 30


def test_a_command_for_another_bot_of_the_group_is_not_for_this_one() -> None:
    assert for_another("/kill@other_bot now", "boyd_bot")
    assert not for_another("/kill@Boyd_Bot now", "boyd_bot")
    assert not for_another("/kill now", "boyd_bot")


def test_every_command_and_alias_is_one_that_telegram_takes_and_none_stands_twice() -> None:
    names = [name for word in WORDS for name in (word.name, *word.aliases)]
    assert len(names) == len(set(names))
    assert all(name.replace("_", "").isalnum() and name.islower() and len(name) <= 32 for name in names)
    wanted = "status positions profit daily weekly monthly why trades performance balance pause unpause kill"
    wanted += " flatten close reload help stop start stopentry forceexit count health version logs"
    assert set(wanted.split()) <= set(names)
    assert [word.name for word in WORDS if word.way is Way.KILL] == ["kill"]


@given(st.text(max_size=60), st.sampled_from([f"/{word.name} " for word in WORDS] + ["/", ""]))
def test_whatever_is_written_means_something_or_is_refused_in_words(text: str, first: str) -> None:
    said = first + text
    if is_command(said):
        with suppress(BadInput):
            assert asked(said).word in WORDS
