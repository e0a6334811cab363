"""What a verdict on an entry says: the order, the measurements, the words."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain.candle import LastPrice
from domain.decision import Action
from domain.errors import LocalFault
from domain.money import to_cash
from domain.observation import Source
from domain.times import MINUTE_MS
from domain.verdict import Approved, Denied
from risk.case import Case
from risk.judge import judge
from tests.risk.cases import (
    NOW,
    NOW_MS,
    PRICE,
    account,
    approved,
    case,
    check,
    deciding,
    denied,
    held,
    holding,
    limiting,
    observation,
    owning,
    policy,
    seeing,
    sized,
)


def on_paper(base: Case) -> Case:
    return replace(base, policy=policy("paper"))


def test_an_approved_entry_carries_what_execution_needs() -> None:
    verdict = approved(judge(deciding(case(), stop=4_900_000, target=5_500_000)))
    order = verdict.order
    assert (verdict.cycle_id, verdict.symbol) == (order.cycle_id, order.symbol) == (7, "BTCUSDT")
    assert (order.client_id, order.at, order.reference) == ("b-0-7-BTCUSDT", NOW, PRICE)
    assert (order.price, order.trigger, order.oco) == (None, None, None)
    assert (verdict.stop_ppm, verdict.stop, verdict.target) == (30_000, 4_900_000, 5_500_000)
    assert all(each.passed for each in verdict.checks)


@pytest.mark.parametrize(
    ("judged", "rule", "measured", "limit", "note"),
    [
        (case(), "kill_switch_active", "off", "off", "kill switch"),
        (case(), "simulated_data", "live", "live or cached", "source"),
        (on_paper(seeing(case(), source=Source.SIMULATED)), "simulated_data", "simulated", "any", "source"),
        (case(), "stale_data", 0.0, 15.0, "minutes old (quote)"),
        (case(), "unknown_order_pending", 0, 0, "orders of unknown fate"),
        (owning(case(), day_start_equity=to_cash(10_012)), "daily_loss_limit_exceeded", 12.0, 20.0, None),
        (owning(case(), peak_equity=to_cash(12_500)), "max_drawdown", 20.0, 15.0, "% below peak equity"),
        (owning(case(), class_drawdown={"crypto": to_cash(100)}), "class_drawdown", 1.0, 5.0, None),
        (case(), "per_trade_loss_limit_exceeded", 4.98918, 5.0, None),
        (case(), "max_position_limit_reached", 1, 3, "positions with this one"),
        (case(), "duplicate_position", "none", "none", "position"),
        (case(), "cool_down_active", None, 60.0, "no loss, or a win since"),
        (owning(case(), last_loss_at=NOW - timedelta(minutes=90)), "cool_down_active", 90.0, 60.0, None),
        (case(), "max_trades_per_day", 1, 5, "entries today with this one"),
        (case(), "portfolio_exposure", 147.0, 2000.0, "quote exposed with this entry"),
        (case(), "concentration", 147.0, 2500.0, "quote exposed in this symbol"),
        (case(), "min_confidence", 90.0, 70.0, "points of confidence"),
        (case(), "min_reward_risk", None, 1.25, "no target: exit by signal or stop"),
        (deciding(case(), target=PRICE + 300_000), "min_reward_risk", 2.0, 1.25, "reward over risk"),
        (case(), "loss_streak", 0, 3, "losing trades in a row"),
        (case(), "circuit_breaker_open", "closed", "closed", "breaker"),
        (case(), "size_below_minimum", 294, 1, "lots"),
        (case(), "insufficient_cash", 147.294, 10_000.0, "quote needed, costs included"),
        (case(), "exchange_filters", "no refusal", None, "refusal"),
    ],
)
def test_measurements_are_in_units_people_read(
    judged: Case, rule: str, measured: float | str | None, limit: float | str | None, note: str | None
) -> None:
    found = check(judge(judged), rule)
    assert found.measured == (pytest.approx(measured) if isinstance(measured, float) else measured)
    assert found.limit == limit
    assert found.note == (note or found.note) != ""


@pytest.mark.parametrize(
    ("judged", "detail"),
    [
        (owning(case(), kill_switch="manual"), "kill switch on (manual), must be off"),
        (seeing(case(), source=Source.SIMULATED), "source simulated, must be live or cached"),
        (seeing(case(), source=Source.CACHED), "source cached, must be live"),
        (
            seeing(case(), quote=LastPrice(PRICE, NOW_MS - 20 * MINUTE_MS)),
            "20 minutes old (quote), over the limit 15",
        ),
        (
            seeing(case(), candles=(observation().candles[0]._replace(time=NOW_MS - 21 * MINUTE_MS),)),
            "20 minutes old (candle), over the limit 15",
        ),
        (
            seeing(case(), source=Source.CACHED, quote=LastPrice(PRICE, NOW_MS - 20 * MINUTE_MS)),
            "20 minutes old (quote), over the limit 15",
        ),
        (
            seeing(case(), source=Source.CACHED, quote=LastPrice(PRICE, NOW_MS - 15 * MINUTE_MS)),
            "source cached, must be live",
        ),
        (seeing(case(), quote=None), "missing: price"),
        (deciding(case(), price=-1), "missing: price"),
        (seeing(case(), candles=()), "missing: candle"),
        (owning(case(), peak_equity=0), "missing: peak equity"),
        (deciding(case(), stop_ppm=0), "missing: stop below the price"),
        (owning(case(), entries={"BTCUSDT": 1}), "position on its way, must be none"),
        (replace(case(), account=holding(account(), held(lots=1))), "position held, must be none"),
        (owning(case(), last_loss_at=NOW), "0 minutes since the last loss, under the limit 60"),
        (sized(deciding(case(), confidence=float("nan")), "0.001"), "missing: confidence"),
        (seeing(case(), breaker="half-open"), "breaker half-open, must be closed"),
        (deciding(case(), target=1), "-33.33332667 reward over risk, under the limit 1.25"),
        (sized(case(), "0.00001"), "notional 0.50000000 below minimum 5"),
        (
            owning(
                replace(case(), account=holding(account(), held("SOLUSDT"), held("ETHUSDT"))),
                marks={"SOLUSDT": PRICE},
            ),
            "missing: mark of ETHUSDT",
        ),
    ],
)
def test_a_denial_says_what_was_measured_against_which_limit(judged: Case, detail: str) -> None:
    assert denied(judge(judged)).detail.split("; ")[0] == detail


def test_without_a_price_every_rule_that_needs_one_says_so() -> None:
    blind = deciding(seeing(on_paper(case()), quote=None), price=None, target=PRICE)
    verdict = denied(judge(blind))
    assert verdict.reason == "stale_data"
    assert {each.rule for each in verdict.checks if each.note == "missing: price"} == {
        "stale_data",
        "per_trade_loss_limit_exceeded",
        "portfolio_exposure",
        "concentration",
        "min_reward_risk",
        "size_below_minimum",
        "insufficient_cash",
        "exchange_filters",
    }
    assert all(not each.passed for each in verdict.checks if each.note == "missing: price")


@pytest.mark.parametrize(
    "odd",
    [
        seeing(case(), source=Source.SIMULATED),
        seeing(case(), source=Source.RECORDED),
        seeing(case(), source=Source.CACHED),
        seeing(case(), candles=()),
    ],
)
def test_paper_only_records_what_live_vetoes(odd: Case) -> None:
    assert denied(judge(odd)).reason in {"simulated_data", "stale_data"}
    approved(judge(on_paper(odd)))


def test_paper_records_old_data_as_old() -> None:
    old = on_paper(seeing(case(), quote=LastPrice(PRICE, NOW_MS - 20 * MINUTE_MS)))
    found = check(approved(judge(old)), "stale_data")
    assert (found.measured, found.limit) == (20.0, 15.0)
    assert found.note == "minutes old (quote, recorded only: not in live mode)"


def test_an_unmarked_position_counts_at_its_cost_on_paper() -> None:
    own = owning(replace(case(), account=holding(account(), held("ETHUSDT", lots=2_000))), marks={})
    found = check(judge(on_paper(own)), "portfolio_exposure")
    assert found.measured == pytest.approx(1_000.0 + 147.0)
    assert found.passed


def test_a_position_without_an_instrument_is_unmarked() -> None:
    own = replace(case(), account=holding(account(), held("ETHUSDT")))
    own = replace(own, instruments={"BTCUSDT": case().instrument})
    assert denied(judge(own)).detail.startswith("missing: mark of ETHUSDT")


def test_exposure_counts_positions_at_their_marks_not_at_their_cost() -> None:
    own = replace(case(), account=holding(account(), held("ETHUSDT", lots=2_000)))
    own = owning(own, marks={"ETHUSDT": PRICE // 2})
    assert check(judge(own), "portfolio_exposure").measured == pytest.approx(500.0 + 147.0)


def test_the_price_falls_back_to_the_quote_seen() -> None:
    assert approved(judge(deciding(case(), price=None))).order.reference == PRICE


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (deciding(case(), action=Action.HOLD), "decision to HOLD on BTCUSDT has nothing to judge"),
        (seeing(case(), symbol="ETHUSDT"), "decision on BTCUSDT comes with an observation of ETHUSDT"),
        (replace(case(), instruments={}), "no instrument for BTCUSDT"),
    ],
)
def test_a_case_put_together_wrongly_is_our_fault(wrong: Case, said: str) -> None:
    with pytest.raises(LocalFault, match=said):
        judge(wrong)


def test_a_client_id_the_exchange_would_refuse_is_denied() -> None:
    assert denied(judge(replace(case(), client_id="no spaces"))).reason == "exchange_filters"


def test_a_price_no_notional_can_hold_is_denied_not_wrapped() -> None:
    absurd = sized(limiting(deciding(case(), price=10**18), per_trade_loss=10**18), "1")
    assert denied(judge(absurd)).reason == "per_trade_loss_limit_exceeded"


def test_a_symbol_already_held_is_not_counted_twice() -> None:
    own = replace(
        case(), account=holding(account(), *(held(each) for each in ("BTCUSDT", "ETHUSDT", "SOLUSDT")))
    )
    verdict = denied(judge(limiting(own, total_exposure_ppm=10**6)))
    assert verdict.reason == "duplicate_position"
    assert check(verdict, "max_position_limit_reached").measured == 3


def test_no_confidence_is_a_measurement_not_a_gap() -> None:
    found = check(judge(deciding(case(), confidence=0.0)), "min_confidence")
    assert (found.measured, found.passed, found.note) == (0.0, False, "points of confidence")


def test_reward_over_risk_needs_a_stop_once_there_is_a_target() -> None:
    found = check(judge(deciding(case(), stop_ppm=0, target=2 * PRICE)), "min_reward_risk")
    assert (found.measured, found.passed, found.note) == (None, False, "missing: stop below the price")


@pytest.mark.parametrize(("equity", "passes"), [(600, False), (10_000, True)])
def test_what_a_trade_may_lose_is_a_share_of_the_present_equity(equity: int, *, passes: bool) -> None:
    """A fixed quantity is never cut: 0.01 BTC loses 17 at its stop, a share of 1 % is 6 or 100."""
    rules = policy("paper", fixed="0.01", per_trade_loss="1%", total_exposure=1, concentration=1)
    verdict = judge(replace(case(), policy=rules, account=account(equity)))
    assert isinstance(verdict, Approved) is passes
    measured = next(each for each in verdict.checks if each.rule == "per_trade_loss_limit_exceeded")
    assert (measured.passed, measured.limit) == (passes, equity / 100)
    assert passes or (isinstance(verdict, Denied) and verdict.reason == measured.rule)
