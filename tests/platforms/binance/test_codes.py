"""What each of the exchange's error codes proves of an order, and that an unknown one proves nothing."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from platforms.binance import codes, outcome
from platforms.binance.client import ApiError
from platforms.binance.outcome import Outcome

REFUSED = {
    -1002,
    -1003,
    -1013,
    -1014,
    -1015,
    -1020,
    -1021,
    -1022,
    -1100,
    -1101,
    -1102,
    -1103,
    -1104,
    -1105,
    -1106,
    -1108,
    -1111,
    -1112,
    -1114,
    -1115,
    -1116,
    -1117,
    -1118,
    -1119,
    -1120,
    -1121,
    -1122,
    -1127,
    -1128,
    -1130,
    -1134,
    -1135,
    -1139,
    -1145,
    -1151,
    -1158,
    -1160,
    -1165,
    -1166,
    -1168,
    -1194,
    -1196,
    -1197,
    -1198,
    -1199,
    -1210,
    -1211,
    -1220,
    -1222,
    -1223,
    -1224,
    -1225,
    -2008,
    -2010,
    -2014,
    -2015,
}
"""Codes with which a new order certainly does not exist, restated by hand from errors.md (a5e0bc3)."""

OPEN = {
    -1000,
    -1001,
    -1006,
    -1007,
    -1008,
    -1010,
    -1016,
    -1033,
    -1034,
    -1035,
    -1125,
    -1152,
    -1153,
    -1155,
    -1161,
    -1169,
    -1170,
    -1171,
    -1172,
    -1173,
    -1174,
    -1175,
    -1176,
    -1177,
    -1178,
    -1179,
    -1180,
    -1181,
    -1182,
    -1183,
    -1184,
    -1185,
    -1186,
    -1187,
    -1188,
    -1189,
    -1190,
    -1191,
    -1221,
    -2011,
    -2013,
    -2016,
    -2021,
    -2022,
    -2026,
    -2035,
    -2036,
    -2038,
    -2039,
    -2042,
    -2043,
}
"""All other codes of that list: a new order may exist."""


def error(code: int, message: str = "some words", status: int = 400) -> ApiError:
    return ApiError(code, message, status)


def test_every_code_of_the_exchange_s_list_is_in_the_table_once() -> None:
    assert set(codes.REFUSED) == REFUSED
    assert set(codes.OPEN) == OPEN
    assert not REFUSED & OPEN
    assert len(REFUSED | OPEN) == 107


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_refused_order_does_not_exist_unless_the_server_failed(code: int) -> None:
    assert outcome.verdict(error(code)) is Outcome.REJECTED
    assert outcome.verdict(error(code, status=500)) is Outcome.OPEN


@pytest.mark.parametrize("code", sorted(OPEN))
def test_any_other_code_leaves_the_order_open(code: int) -> None:
    assert outcome.verdict(error(code)) is Outcome.OPEN


@given(st.integers(-99_999, 99_999), st.text(max_size=30))
def test_a_code_nobody_listed_proves_nothing(code: int, message: str) -> None:
    assume(code not in REFUSED | OPEN)
    unheard = error(code, message)
    assert outcome.verdict(unheard) is Outcome.OPEN
    assert not outcome.not_found(unheard)
    assert not outcome.archived(unheard)
    assert not outcome.shut(unheard)


def test_of_all_codes_one_says_missing_and_one_says_archived() -> None:
    listed = [error(code) for code in REFUSED | OPEN]
    assert [each.code for each in listed if outcome.not_found(each)] == [-2013]
    assert [each.code for each in listed if outcome.archived(each)] == [-2026]
    assert not outcome.archived(error(-2026, status=500))


@pytest.mark.parametrize(
    ("code", "message", "shut"),
    [
        (-1013, "Market is closed.", True),
        (-2010, "Market is closed.", True),
        (-2010, "This action is disabled on this account.", True),
        (-2010, "This account may not place or cancel orders.", True),
        (-2010, "This symbol is not permitted for this account.", True),
        (-2010, "This symbol is restricted for this account.", True),
        (-2010, "Rest API trading is not enabled.", True),
        (-1121, "Invalid symbol.", True),
        (-1013, "Filter failure: NOTIONAL", False),
        (-2010, "Account has insufficient balance for requested action.", False),
        (-2010, "Stop price would trigger immediately.", False),
        (-2010, "Order would trigger immediately.", False),
        (-1007, "Market is closed.", False),
    ],
)
def test_a_refusal_of_the_market_is_told_from_the_order_s(code: int, message: str, *, shut: bool) -> None:
    assert outcome.shut(error(code, message)) is shut
    assert not outcome.shut(error(code, message, status=503))
