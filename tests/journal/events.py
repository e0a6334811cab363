"""Any event Hypothesis can think of."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.candle import Candle, LastPrice
from domain.events import (
    CycleDecided,
    CycleEnded,
    Event,
    Failure,
    KillSwitchSet,
    OrderReported,
    OrdersIntended,
    ParametersSet,
    SessionEnded,
)
from domain.evidence import Evidence
from domain.observation import Attempt, Finding, Headline, Observation, Source
from domain.order import Fill, Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.verdict import Check, Denied

patient = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
"""A busy machine is no failure; fixtures are made anew by the tests themselves."""

_numbers = st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text(st.characters(codec="utf-8"), max_size=12)
_times = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds; the zone is given beside
_ids = st.integers(1, 2**40)
_ticks = st.integers(1, 2**53)
_candles = st.builds(Candle, st.integers(0, 2**42), _ticks, _ticks, _ticks, _ticks, _numbers)
_headlines = st.builds(Headline, _texts, _times, _texts, _texts, st.none() | _numbers, _numbers)
_observations = st.builds(
    Observation,
    symbol=_texts,
    source=st.sampled_from(Source),
    provider=_texts,
    series=_texts,
    fetched_at=_times,
    candles=st.lists(_candles, max_size=3).map(tuple),
    quote=st.none() | st.builds(LastPrice, _ticks, st.integers(0, 2**42)),
    headlines=st.lists(_headlines, max_size=2).map(tuple),
    findings=st.lists(st.builds(Finding, _texts, _texts, st.none() | _ids), max_size=2).map(tuple),
    attempts=st.lists(st.builds(Attempt, _texts, _texts), max_size=2).map(tuple),
)
_checks = st.builds(
    Check,
    _texts,
    st.booleans(),
    st.none() | _numbers | st.integers(-(2**60), 2**60) | _texts,
    st.none() | _numbers | st.integers(-(2**60), 2**60),
)
_denials = st.builds(Denied, _ids, _texts, _texts, st.lists(_checks, max_size=3).map(tuple), _texts)
_orders = st.builds(
    Order,
    client_id=_texts,
    cycle_id=_ids,
    at=_times,
    symbol=_texts,
    side=st.sampled_from(Side),
    type=st.sampled_from(OrderType),
    purpose=st.sampled_from(Purpose),
    lots=_ticks,
    reference=_ticks,
    price=st.none() | _ticks,
    trigger=st.none() | _ticks,
)
_fills = st.builds(
    Fill, _texts, _texts, _texts, st.sampled_from(Side), _ticks, _ticks, _ticks, _ticks, st.booleans(), _times
)
_receipts = st.builds(
    Receipt,
    _texts,
    _texts,
    st.sampled_from(OrderStatus),
    _times,
    _texts,
    _ticks,
    _texts,
    st.lists(_fills, max_size=2).map(tuple),
)
_failures = st.none() | st.builds(Failure, _texts, _texts, _texts)

_parameters = st.dictionaries(
    _texts, st.integers(-(2**53), 2**53) | _numbers | st.booleans() | _texts, max_size=3
)
_evidence = st.builds(
    Evidence, _texts, _numbers, _numbers, _parameters, _numbers, _numbers, _ids,
    st.none() | _numbers, st.none() | _numbers, _texts,
)  # fmt: skip

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        CycleDecided,
        _ids,
        _times,
        st.lists(_observations, max_size=2).map(tuple),
        st.lists(_receipts, max_size=2).map(tuple),
        st.just(()),
        st.lists(_denials, max_size=2).map(tuple),
        st.dictionaries(_texts, _texts, max_size=2),
    ),
    st.builds(OrdersIntended, _ids, _times, st.lists(_orders, max_size=2).map(tuple)),
    st.builds(OrderReported, _ids, _receipts),
    st.builds(CycleEnded, _ids, _times, st.just(("IDLE",)), _texts, st.just(()), _failures),
    st.builds(KillSwitchSet, _times, st.booleans(), _texts, _texts),
    st.builds(
        ParametersSet,
        _times,
        _ids,
        _texts,
        _parameters,
        _texts,
        _texts,
        st.none() | _evidence,
        st.booleans(),
        st.none() | st.integers(0, 2**40),
    ),
    st.builds(SessionEnded, _ids, _times, _texts),
)
"""Any event there can be, all its numbers finite."""
