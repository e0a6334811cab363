"""The order of an entry in figures: at the market, within a price, in slices."""

from hypothesis import given
from hypothesis import strategies as st

from risk.entry_orders import (
    AUTO,
    LIMIT,
    MARKET,
    EntryOrders,
    allowed_ppm,
    largest_slice_ppm,
    least_lots,
    limit_of,
    predicted_ppm,
    slice_lots,
    slices_of,
)

ORDERS = EntryOrders(AUTO, 2_000, 100_000, 8, 1_250)
orders = st.builds(
    EntryOrders, st.sampled_from([MARKET, LIMIT, AUTO]), st.integers(1, 100_000), st.integers(0, 10**6),
    st.integers(1, 20), st.integers(0, 100_000),
)  # fmt: skip
laws = st.tuples(st.floats(0, 2), st.floats(0, 50), st.floats(0, 1e5), st.floats(1, 1e9))
many = st.integers(1, 10**12)


def test_in_figures() -> None:
    law = (0.05, 1.0, 10_000.0, 400.0)  # 1 % of range; 100 lots are a quarter of the volume
    assert predicted_ppm(ORDERS, *law, 100) == 5_500
    assert allowed_ppm(ORDERS, 50_000, 49_000) == 2_000, "a tenth of 2 %"
    assert allowed_ppm(ORDERS, 50_000, 0) == 0
    assert limit_of(ORDERS, 50_000, 5_500, 2_000) == 50_100
    assert limit_of(ORDERS, 50_000, 2_000, 2_000) == 0, "no more than is allowed"
    assert slices_of(ORDERS, *law, 100, 1, 3_000) == 4, "25 lots pay 3,000"
    assert slices_of(ORDERS, *law, 100, 1, 2_000) == 8, "not even 13 lots come so far: the most there are"
    assert slices_of(ORDERS, *law, 100, 40, 2_000) == 2, "each of 40 lots at least"
    assert slices_of(ORDERS, 0.55, 0.0, 10_000.0, 400.0, 100, 1, 3_000) == 1, "size costs nothing"
    assert least_lots(100, 1_000, 3, 1_000_000) == 10
    assert least_lots(0, 1_000, 3, 1_000_000) == 3


@given(orders, laws, many, many, st.integers(0, 100_000))
def test_slices_are_all_lots_no_more_than_asked_for_and_pay_less(
    asked: EntryOrders, law: tuple[float, float, float, float], lots: int, least: int, allowed: int
) -> None:
    count = slices_of(asked, *law, lots, least, allowed)
    parts = [slice_lots(lots, count, number) for number in range(count)]
    assert sum(parts) == lots
    assert max(parts) - min(parts) <= 1
    assert 1 <= count <= asked.slices
    if count > 1:
        whole = predicted_ppm(asked, *law, lots)
        assert asked.kind == AUTO
        assert whole > allowed, "one order would have done"
        assert min(parts) >= least
        assert largest_slice_ppm(asked, *law, lots, count) < whole
        assert count == 2 or largest_slice_ppm(asked, *law, lots, count - 1) > allowed, "no more than needed"


@given(orders, st.integers(1, 10**12), st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_limit_lies_above_the_quote_and_never_beyond_the_worst_price(
    asked: EntryOrders, price: int, predicted: int, allowed: int
) -> None:
    limit = limit_of(asked, price, predicted, allowed)
    if asked.kind == MARKET or (asked.kind == AUTO and predicted <= allowed):
        assert limit == 0
    else:
        assert price <= limit <= price + price * asked.worst_ppm // 1_000_000
