"""The table that code, docs and tests read."""

from pydantic import BaseModel

from domain.pairs import OffList
from domain.verdict import Denied
from perception.pairs.settings import PairListSettings
from risk import codes
from risk.judge import judge
from risk.settings import RiskSettings, SizingSettings
from risk.table import NOTHING_TO_REDUCE, REASONS, RULES, rule
from scripts import gate
from tests.risk.cases import case, limiting, owning

CODES = {name: code for name, code in vars(codes).items() if isinstance(code, int) and code in range(1, 99)}


ALWAYS = [each.reason for each in RULES if not each.window]
RECORDED = [reason for reason in ALWAYS if reason != "entries_blocked"]
"""The checks of a verdict where nothing is blocked and no protection is on."""


def test_codes_are_the_places_in_the_table() -> None:
    assert sorted(CODES.values()) == list(range(1, len(RULES) + 1))
    assert rule(codes.KILL_SWITCH).reason == "kill_switch_active"
    assert rule(codes.COOL_DOWN).reason == "cool_down_active"
    assert rule(codes.FILTERS).reason == "exchange_filters"


def test_every_rule_is_measured_by_a_kernel_of_its_own_and_the_gate_is_written_from_the_table() -> None:
    measures = [each.measure for each in RULES]
    assert len(set(measures)) == len(RULES)
    assert None not in measures
    assert gate.TARGET.read_text() == gate.source(), "run: .venv/bin/python -m scripts.gate"


def test_numbers_rise_and_reasons_are_unique() -> None:
    numbers = [each.number for each in RULES]
    assert numbers == sorted(numbers)
    assert len(REASONS) == len(RULES) + 1
    assert REASONS["nothing_to_reduce"] is NOTHING_TO_REDUCE


def test_every_setting_belongs_to_a_rule_and_every_rule_s_setting_exists() -> None:
    named = {setting for each in RULES for setting in each.settings}
    models: dict[str, type[BaseModel]] = {"risk": RiskSettings, "sizing": SizingSettings}
    pairs = {setting for setting in named if setting.startswith("pairlist.")}
    assert {each.partition(".")[2] for each in pairs} < set(PairListSettings.model_fields)
    # A trailing stop is no rule: it moves what protects, and nothing stands in its way.
    assert named - pairs | {"risk.trailing_stop"} == {
        f"{section}.{field}" for section, model in models.items() for field in model.model_fields
    }


def test_every_rule_is_checked_in_the_table_s_order_even_after_a_failure() -> None:
    for judged in (case(), owning(case(), kill_switch="manual", loss_streak=9)):
        assert [each.rule for each in judge(judged).checks] == RECORDED


def test_blocked_entries_are_checked_only_where_they_are_blocked() -> None:
    verdict = judge(owning(case(), blocked={"": "fees in BNB", "BTCUSDT": "market closed (BREAK)"}))
    assert [each.rule for each in verdict.checks] == ALWAYS
    assert isinstance(verdict, Denied)
    assert verdict.detail.startswith("fees in BNB; market closed (BREAK); ")


def test_a_protection_and_the_pair_list_are_checked_only_where_they_are_on() -> None:
    protections = [each for each in RULES if each.window]
    assert len(protections) == 4
    for each in protections:
        checks = judge(limiting(case(), **{each.window: 1})).checks
        assert {check.rule for check in checks} - set(RECORDED) == {each.reason}


def test_off_the_pair_list_a_denial_says_filter_value_and_limit() -> None:
    off = OffList("volume", 1200.0, 5000.0, "USDT in 24 h", least=True)
    verdict = judge(limiting(owning(case(), off_list={"BTCUSDT": off}), pair_list=1))
    assert isinstance(verdict, Denied)
    assert verdict.reason == "pair_not_listed"
    assert verdict.detail.startswith("pair list volume 1200 USDT in 24 h, must be at least 5000; ")
    listed = judge(limiting(owning(case(), off_list={"ETHUSDT": off}), pair_list=1))
    assert [each.measured for each in listed.checks if each.rule == "pair_not_listed"] == ["listed"]


def test_every_rule_can_be_read() -> None:
    for each in REASONS.values():
        assert each.meaning.endswith(".")
        assert each.unit
