"""Settings of single pairs: refused by name, in force from the start, changed, replayed and told."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from agent import wiring
from agent.explain.why import explain
from agent.settings import changes
from agent.settings.listing import listed
from agent.settings.load import problem
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from agent.state.key import fold_key
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.commands import ApplyParameters, ChangeSettings
from domain.errors import BadInput
from domain.events import CycleDecided, CycleEnded, Event
from domain.verdict import Approved
from tests.agent.test_replay import rewritten
from tests.agent.world import World, ask, facts, lively, wave

BOTH = ("BTC-USDT", "ETH-USDT")
STRICT = {"BTC-USDT": {"risk": {"min_confidence": 100}}}


def options(**own: Any) -> Options:
    return lively(symbols=BOTH, pairs=own)


def refusals(own: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        options(**own)
    return [problem(each) for each in refused.value.errors()]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"SOL-USDT": {}}, "pairs.SOL-USDT: SOL-USDT is not traded here, BTC-USDT, ETH-USDT is"),
        ({"BTC-USDT": {"risk": {"daily_loss": "1%"}}}, "risk.daily_loss = 1%: is one of all pairs together"),
        ({"BTC-USDT": {"risk": {"concentration": "90%"}}}, "allows more than risk.concentration, 0.25"),
        ({"BTC-USDT": {"risk": {"concentraton": "9%"}}}, "pairs.BTC-USDT.risk.concentraton: no such setting"),
        ({"BTC-USDT": {"risk": {"concentration": "x"}}}, "pairs.BTC-USDT.risk.concentration = x: must be a"),
        ({"BTC-USDT": {"sizing": {"method": "fixed"}}}, "pairs.BTC-USDT.sizing: fixed_quantity is missing"),
        ({"BTC-USDT": {"entries": {"order": "limit"}}}, "pairs.BTC-USDT.entries: no such setting"),
        ({"BTC-USDT": {"reasoning": {"sma": {"fast": 90}}}}, "reasoning.sma: fast 90 is not below slow 50"),
        ({"BTC-USDT": {"reasoning": {"rsi": {"period": 0}}}}, "rsi.period = 0: must be at least 2"),
        ({"BTC-USDT": {"reasoning": {"vote_threshold": {}}}}, "reasoning.vote_threshold: is no strategy"),
        ({"BTC-USDT": {}, "btcusdt": {}}, "pairs.btcusdt = BTC-USDT: BTC-USDT has two sections"),
    ],
)  # fmt: skip
def test_what_a_pair_cannot_have_is_refused_with_its_name(own: dict[str, Any], said: str) -> None:
    (told,) = refusals(own)
    assert said in told


def test_without_any_the_journal_s_settings_are_as_they_were_and_with_some_the_fold_is_another() -> None:
    assert "pairs" not in options().public()
    tuned = options(**{"ETH-USDT": {"reasoning": {"rsi": {"period": "7"}}}})
    assert tuned.public()["pairs"]["ETH-USDT"]["reasoning"] == {"rsi": {"period": 7}}
    assert Options.model_validate(tuned.public()) == tuned
    assert fold_key(tuned) != fold_key(options())
    assert fold_key(options(**STRICT)) == fold_key(options())
    rows = {each.name: each for each in listed(tuned.public())}
    assert rows["pairs.ETH-USDT.reasoning.rsi.period"].value == 7
    assert "at least 2" in str(rows["pairs.ETH-USDT.reasoning.rsi.period"].limits)


def replayed(world: World) -> Any:
    return replay(world.journal, None, FrozenClock()).difference


def entered(world: World) -> set[str]:
    verdicts = [v for event in world.events if isinstance(event, CycleDecided) for v in event.verdicts]
    return {each.symbol for each in verdicts if isinstance(each, Approved)}


def test_a_pair_s_limit_holds_back_its_own_entries_is_replayed_and_told() -> None:
    world = World(wave(120), options=options(**STRICT))
    world.run()
    assert entered(world) == {"ETH-USDT"}
    assert replayed(world) is None
    assert facts(wiring.parts(world.options, world.journal).state) == facts(world.state)
    denied = next(
        event.cycle_id
        for event in world.events
        if isinstance(event, CycleDecided)
        and any(
            v.symbol == "BTC-USDT" and v.reason == "min_confidence"
            for v in event.verdicts
            if not isinstance(v, Approved)
        )
    )
    symbols = {each.symbol: each for each in explain(world.journal, denied).symbols}
    assert symbols["BTC-USDT"].own == {"risk.min_confidence": 100.0}
    assert symbols["ETH-USDT"].own == {}


def test_a_trailing_stop_of_one_pair_raises_its_stops_alone() -> None:
    world = World(wave(200), options=options(**{"ETH-USDT": {"risk": {"trailing_stop": "0.5%"}}}))
    world.run()
    raised = {
        each.symbol
        for event in world.events
        if isinstance(event, CycleDecided)
        for each in event.verdicts
        if isinstance(each, Approved) and "raised" in each.sizing
    }
    assert raised == {"ETH-USDT"}
    assert replayed(world) is None


def at_cycle(world: World, number: int, work: Callable[[], None]) -> None:
    def hear(event: Event) -> None:
        if isinstance(event, CycleEnded) and event.cycle_id == number:
            work()

    world.session.listeners.append(hear)


def test_a_pair_s_limits_change_while_an_agent_runs_as_those_of_all_do() -> None:
    world = World(wave(60), options=options(**STRICT))
    name = "pairs.ETH-USDT.risk.concentration"
    seen: list[int] = []

    def concentration(of: World = world) -> int:
        return of.session.cycle.policy.of("ETH-USDT").limits.concentration_ppm

    def change() -> None:
        reply = ask(world, ChangeSettings(given={name: "5%"}, reason="thin market"))
        assert (reply.given, reply.tighter) == ({name: "0.05"}, (name,))
        seen.append(concentration())
        refused: dict[tuple[str, str | int | float | None], str] = {
            (name, "0.9"): r"concentration = 0.9: allows more than risk\.concentration, 0.25",
            ("pairs.SOL-USDT.risk.concentration", "1%"): "SOL-USDT is not traded here",
            ("pairs.ETH-USDT.risk.daily_loss", "1%"): "of a pair only risk and sizing change",
            ("pairs.ETH-USDT.reasoning.rsi.period", 9): "its strategies begin with the session",
        }
        for given, said in refused.items():
            with pytest.raises(BadSettings, match=said):
                ask(world, ChangeSettings(given=dict([given]), reason="more"))
        ask(world, ChangeSettings(given={"risk.concentration": "2%"}, reason="all of them"))
        seen.append(concentration())

    at_cycle(world, 20, change)
    world.run()
    assert seen == [50_000, 20_000]
    assert world.session.cycle.policy.of("BTC-USDT").limits.min_confidence == 100
    assert replayed(world) is None
    again = World(wave(5), options=world.options, journal=rewritten(world.journal, {}))
    assert concentration(again) == 20_000
    again.session.begin()
    reply = ask(again, ChangeSettings(back=(name, "risk.concentration"), reason="over"))
    assert reply.changed == {}
    assert concentration(again) == 250_000


def test_what_was_changed_of_a_pair_is_over_once_the_pair_is_traded_no_more() -> None:
    world = World(wave(30), options=options(**STRICT))
    name = "pairs.ETH-USDT.risk.concentration"
    at_cycle(world, 20, lambda: ask(world, ChangeSettings(given={name: "5%"}, reason="thin")))
    world.run()
    wiring.refuse_stale(world.parts)
    alone = world.options.model_copy(update={"symbols": ("BTC-USDT",), "pairs": {}})
    again = World(wave(5), options=alone, journal=rewritten(world.journal, {}))
    wiring.refuse_stale(again.parts)  # or nobody could sell what else is held
    again.run()
    assert again.state.changed == {}
    assert replayed(again) is None


def test_on_a_live_account_a_pair_s_looser_limit_is_one_too() -> None:
    before = options(**{"ETH-USDT": {"risk": {"concentration": "5%"}}})
    for value in ("10%", None):
        after = changes.changed(before, {"pairs.ETH-USDT.risk.concentration": value})
        (found,) = changes.differences(before, after)
        assert (found.looser, found.tighter) == (True, False)


def test_new_parameters_leave_a_pair_what_it_has_of_its_own() -> None:
    own = {"ETH-USDT": {"reasoning": {"sma": {"slow": 40}}}}
    world = World(wave(60), options=options(**own))

    def change() -> None:
        with pytest.raises(BadInput, match=r"keeps slow=40 of its own.*fast 45 is not below slow 40"):
            ask(world, ApplyParameters(strategy="sma", given={"fast": 45}, force=True, reason="tried"))
        ask(world, ApplyParameters(strategy="sma", given={"fast": 4, "slow": 60}, force=True, reason="tried"))

    at_cycle(world, 20, change)
    world.run()
    packed = world.parts.mind._packed()
    assert packed["ETH-USDT"] != packed[""]
    assert world.options.reasoning.packed("sma", 60_000, {"fast": 4, "slow": 40}) in packed["ETH-USDT"]
    assert wiring.parts(world.options, world.journal).mind == world.parts.mind
    assert replayed(world) is None
