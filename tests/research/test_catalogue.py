"""The catalogue: whole files or none, nothing contradicted in silence, and downloads that go on."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl
import pytest

import research.data.catalogue
import research.data.download
from domain.candle import RawCandle
from domain.errors import BadAnswer, BadInput, Refused, Unreachable
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS, millis
from perception.files.candles import read_candles
from perception.guard.provider import GuardedProvider
from perception.settings import BinanceSettings, PerceptionSettings, RetrySettings
from research.data.candles import Candles
from research.data.catalogue import Catalogue
from research.data.download import binance_source, download, lacking
from tests import wild
from tests.perception import server as scripted
from tests.perception.manual_clock import ManualClock
from tests.perception.server import Exchange, ScriptedServer
from tests.perception.venues import KLINES, kline, klines, recorded

AT = datetime(2026, 11, 20, tzinfo=UTC)
START = millis(datetime(2023, 1, 1, tzinfo=UTC))
DAY = (START, START + DAY_MS)


def made(start: int = 0, end: int = 100, symbol: str = "BTC-USDT", step: int = MINUTE_MS) -> Candles:
    """Return the candles of these places; the same place always has the same candle."""
    place = np.arange(start, end, dtype=np.int64)
    price = 100.0 + place / 7.0
    return Candles(symbol, step, START + place * step, price, price + 1, price - 1, price + 0.5, price / 3)


def rows(candles: Candles) -> list[RawCandle]:
    return list(candles.rows())


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path)


def test_what_is_added_comes_back_bit_for_bit_with_its_origin(catalogue: Catalogue) -> None:
    added = catalogue.add(made(), "file.csv", AT)
    assert (added.new, added.known) == (100, 0)
    candles = catalogue.get("BTC-USDT", MINUTE_MS)
    assert candles.fingerprint == made().fingerprint == added.entry.fingerprint
    assert rows(candles) == rows(made())
    assert candles.close.flags.writeable
    (entry,) = catalogue.list()
    assert entry == added.entry
    assert (entry.candles, entry.first, entry.last) == (100, START, START + 99 * MINUTE_MS)
    assert [(origin.name, origin.at, origin.candles) for origin in entry.sources] == [("file.csv", AT, 100)]


def test_the_loop_reads_a_catalogue_file_as_it_is(catalogue: Catalogue) -> None:
    catalogue.add(made(), "file.csv", AT)
    assert list(read_candles(catalogue.path("BTC-USDT", MINUTE_MS))) == rows(made())


def test_candles_are_merged_in_time_order_and_overlaps_counted(catalogue: Catalogue) -> None:
    for start, end, new, known in ((50, 60, 10, 0), (0, 20, 20, 0), (15, 70, 40, 15), (0, 70, 0, 70)):
        added = catalogue.add(made(start, end), f"{start}.csv", AT)
        assert (added.new, added.known) == (new, known)
    assert catalogue.get("BTC-USDT", MINUTE_MS).fingerprint == made(0, 70).fingerprint
    assert [origin.name for origin in catalogue.list()[0].sources] == ["50.csv", "0.csv", "15.csv"]


def test_nothing_new_writes_nothing(catalogue: Catalogue) -> None:
    catalogue.add(made(), "file.csv", AT)
    path = catalogue.path("BTC-USDT", MINUTE_MS)
    before = path.stat()
    catalogue.add(made(3, 50), "again.csv", AT)
    assert path.stat() == before


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume"])
def test_a_candle_that_differs_is_refused_with_both_values_and_nothing_is_written(
    catalogue: Catalogue, name: str
) -> None:
    catalogue.add(made(), "file.csv", AT)
    before = catalogue.path("BTC-USDT", MINUTE_MS).read_bytes()
    other = made(90, 120)
    column = getattr(other, name)
    mine = float(column[3])
    column[3] = theirs = float(np.nextafter(mine, np.inf))
    with pytest.raises(BadInput) as refused:
        catalogue.add(other, "other.csv", AT)
    said = str(refused.value)
    assert said.startswith(f"other.csv: {name} {theirs} of BTC-USDT 1m at 2023-01-01T01:33:00Z differs")
    assert f"the catalogue's {mine}; 1 of 10 candles held already differ" in said
    assert catalogue.path("BTC-USDT", MINUTE_MS).read_bytes() == before


def test_symbols_and_timeframes_lie_apart(catalogue: Catalogue) -> None:
    catalogue.add(made(symbol="ETH-USDT"), "a", AT)
    catalogue.add(made(step=HOUR_MS), "b", AT)
    catalogue.add(made(), "c", AT)
    there = [(entry.symbol, entry.timeframe) for entry in catalogue.list()]
    assert there == [("BTC-USDT", "1m"), ("BTC-USDT", "1h"), ("ETH-USDT", "1m")]
    with pytest.raises(BadInput, match=r"ETH-USDT 1h is not in .*; there are: BTC-USDT 1m, BTC-USDT 1h, ETH"):
        catalogue.get("ETH-USDT", HOUR_MS)
    assert catalogue.held("ETH-USDT", HOUR_MS) is None


def test_an_empty_catalogue_says_so(catalogue: Catalogue) -> None:
    assert catalogue.list() == ()
    with pytest.raises(BadInput, match="there are: none"):
        catalogue.get("BTC-USDT", MINUTE_MS)


@pytest.mark.parametrize("symbol", ["..", "../x", "a/b", "", "btc-usdt", "BTC-USDT-X", "A" * 21, "."])
def test_a_symbol_never_leads_out_of_the_folder(catalogue: Catalogue, symbol: str) -> None:
    with pytest.raises(BadInput, match="is not like BTC-USDT or MSFT"):
        catalogue.add(made(symbol=symbol), "x", AT)
    assert not catalogue.root.exists()


def test_a_timeframe_of_nobody_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(BadInput, match="timeframe 120000 ms is not one of"):
        catalogue.add(made(step=2 * MINUTE_MS), "x", AT)


def test_a_file_cut_at_any_place_is_called_damaged(catalogue: Catalogue) -> None:
    def more(symbol: str, timeframe_ms: int) -> object:
        return catalogue.add(made(5, 9, symbol, timeframe_ms), "x", AT)

    catalogue.add(made(0, 3000), "file.csv", AT)
    path = catalogue.path("BTC-USDT", MINUTE_MS)
    whole = path.read_bytes()
    for length in (0, 3, 4, 100, len(whole) // 2, len(whole) - 8, len(whole) - 1):
        path.write_bytes(whole[:length])
        for reading in (catalogue.held, catalogue.get, more):
            with pytest.raises(BadInput, match=r"1m\.parquet: is damaged or cut short"):
                reading("BTC-USDT", MINUTE_MS)
        with pytest.raises(BadInput, match=r"1m\.parquet: is damaged or cut short"):
            catalogue.list()
        assert path.read_bytes() == whole[:length]


def test_a_changed_byte_is_noticed_or_changes_no_number(catalogue: Catalogue) -> None:
    catalogue.add(made(0, 3000), "file.csv", AT)
    path = catalogue.path("BTC-USDT", MINUTE_MS)
    whole = path.read_bytes()
    places = range(4, len(whole), len(whole) // 100)
    noticed = 0
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            assert rows(catalogue.get("BTC-USDT", MINUTE_MS)) == rows(made(0, 3000))
        except BadInput:
            noticed += 1
    assert noticed > 0.9 * len(places)


def test_a_file_that_is_not_ours_or_was_moved_is_refused(catalogue: Catalogue) -> None:
    catalogue.add(made(), "file.csv", AT)
    path = catalogue.path("BTC-USDT", MINUTE_MS)
    foreign = catalogue.path("BTC-USDT", HOUR_MS)
    pl.read_parquet(path).write_parquet(foreign)
    with pytest.raises(BadInput, match=r"1h\.parquet: is no candle file of this catalogue"):
        catalogue.get("BTC-USDT", HOUR_MS)
    with pytest.raises(BadInput, match=r"1h\.parquet: is no candle file of this catalogue"):
        catalogue.list()
    foreign.write_bytes(path.read_bytes())
    with pytest.raises(BadInput, match=r"1h\.parquet: holds BTC-USDT 1m; it was moved or renamed"):
        catalogue.get("BTC-USDT", HOUR_MS)
    said = pl.read_parquet_metadata(path)["boyd.candles"]
    pl.DataFrame({"x": [1]}).write_parquet(path, metadata={"boyd.candles": said})
    with pytest.raises(BadInput, match="is no candle file of this catalogue"):
        catalogue.get("BTC-USDT", MINUTE_MS)
    pl.DataFrame({"x": [1]}).write_parquet(path, metadata={"boyd.candles": '{"symbol": 3}'})
    with pytest.raises(BadInput, match="is no candle file of this catalogue"):
        catalogue.get("BTC-USDT", MINUTE_MS)


def test_a_disk_that_fails_leaves_the_old_file_and_no_rest(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.add(made(), "file.csv", AT)
    path = catalogue.path("BTC-USDT", MINUTE_MS)

    def full(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    for broken in ("fsync", "fdopen"):
        with monkeypatch.context() as patch:
            patch.setattr(os, broken, full)
            with pytest.raises(BadInput, match=r"1m\.parquet: cannot be written: No space left on device"):
                catalogue.add(made(0, 200), "more.csv", AT)
        assert catalogue.get("BTC-USDT", MINUTE_MS).fingerprint == made().fingerprint
    assert sorted(file.name for file in path.parent.iterdir()) == [".1m.parquet.lock", "1m.parquet"]


def test_imports_at_the_same_time_forget_nothing(catalogue: Catalogue) -> None:
    parts = [made(start, start + 10) for start in range(0, 200, 10)]
    threads = [threading.Thread(target=catalogue.add, args=(part, "x", AT)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert catalogue.get("BTC-USDT", MINUTE_MS).fingerprint == made(0, 200).fingerprint


def test_an_import_that_never_ends_is_not_waited_for(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(research.data.catalogue, "LOCK_SECONDS", 0.05)
    path = catalogue.path("BTC-USDT", MINUTE_MS)
    busy = pytest.raises(BadInput, match=r"another import has been at it for 0\.05 s")
    with catalogue._locked(path), busy:
        Catalogue(catalogue.root.parent).add(made(), "x", AT)
    assert Catalogue(catalogue.root.parent).add(made(), "x", AT).new == 100


def test_nothing_to_add_and_a_home_that_is_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"empty\.csv: holds no candle of BTC-USDT"):
        Catalogue(tmp_path).add(made(0, 0), "empty.csv", AT)
    (tmp_path / "candles").write_text("in the way")
    with pytest.raises(BadInput, match="cannot be written"):
        Catalogue(tmp_path).add(made(), "file.csv", AT)


# Downloads, over a real socket and through the loop's own guard.


@pytest.fixture
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def source(venue: ScriptedServer, tmp_path: Path) -> Iterator[GuardedProvider]:
    shared = PerceptionSettings(retry=RetrySettings(attempts=1))
    settings = BinanceSettings(base_url=venue.url, requests_per_second=100)
    provider = binance_source(settings, shared, ManualClock(AT), tmp_path)
    yield provider
    provider.close()


def serve(venue: ScriptedServer, candles: Candles, symbol: str = "BTCUSDT") -> None:
    # What the test's server writes is rounded to 8 places, as Binance's numbers are.
    venue.on(KLINES, klines({symbol: recorded(rows(candles))}))


def rounded(candles: Candles) -> Candles:
    names = ("open", "high", "low", "close", "volume")
    return replace(candles, **{name: getattr(candles, name).round(8) for name in names})


def starts(venue: ScriptedServer) -> list[int]:
    return [-((START - int(asked.query["startTime"])) // MINUTE_MS) for asked in venue.asked]


def test_a_range_comes_page_by_page_and_whole(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    serve(venue, made(-500, 3000))
    told: list[tuple[int, int]] = []
    done = download(
        source, catalogue, "BTC-USDT", MINUTE_MS, DAY, AT, lambda count, total: told.append((count, total))
    )
    assert done == (1440, 2, 1440, ())
    assert catalogue.get("BTC-USDT", MINUTE_MS).fingerprint == rounded(made(0, 1440)).fingerprint
    assert starts(venue) == [0, 1000]
    assert [asked.query["limit"] for asked in venue.asked] == ["1000", "440"]
    assert told[0] == (0, 1440)
    assert told[-1] == (1440, 1440)
    assert told == sorted(told)
    assert catalogue.list()[0].sources[0].name == "binance"


def test_real_candles_with_an_outage_arrive_value_for_value(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    real = next(wild.rows(wild.OUTAGE))
    venue.on(KLINES, klines({"BTCUSDT": recorded(real)}))
    day = millis(datetime(2021, 4, 25, tzinfo=UTC))
    done = download(source, catalogue, "BTC-USDT", MINUTE_MS, (day, day + DAY_MS), AT)
    assert rows(catalogue.get("BTC-USDT", MINUTE_MS)) == real
    assert done.new == len(real)


def test_candles_off_the_grid_are_not_lost_between_pages(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = next(wild.rows(wild.OFF_GRID))
    monkeypatch.setattr(research.data.download, "MOST_ROWS", 1)
    venue.on(KLINES, klines({"BTCUSDT": recorded(real)}))
    download(source, catalogue, "BTC-USDT", HOUR_MS, (real[0].time, real[-1].time + 1), AT)
    assert rows(catalogue.get("BTC-USDT", HOUR_MS)) == real


def test_only_what_is_lacking_is_asked_for(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    serve(venue, made(-500, 3000))
    catalogue.add(rounded(made(100, 300)), "file.csv", AT)
    catalogue.add(rounded(made(310, 1400)), "file.csv", AT)
    done = download(source, catalogue, "BTC-USDT", MINUTE_MS, DAY, AT)
    assert done == (150, 3, 1440, ())
    assert starts(venue) == [0, 300, 1400]
    assert catalogue.get("BTC-USDT", MINUTE_MS).fingerprint == rounded(made(0, 1440)).fingerprint
    assert download(source, catalogue, "BTC-USDT", MINUTE_MS, DAY, AT) == (0, 0, 1440, ())


def failing_from(request: int, then: scripted.Behaviour, candles: Candles) -> scripted.Behaviour:
    good = klines({"BTCUSDT": recorded(rows(candles))})
    return scripted.one_after_another(*[good] * request, then)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(scripted.html(502), BadAnswer), (scripted.hanging_up(), Unreachable), (scripted.answer({}), BadAnswer)],
)
def test_a_download_cut_off_keeps_what_came_and_goes_on_there(
    venue: ScriptedServer,
    source: GuardedProvider,
    catalogue: Catalogue,
    fault: scripted.Behaviour,
    kind: type[Exception],
) -> None:
    venue.on(KLINES, failing_from(1, fault, made(0, 1440)))
    with pytest.raises(kind, match="1000 new candles are kept, run it again to go on"):
        download(source, catalogue, "BTC-USDT", MINUTE_MS, DAY, AT)
    assert len(catalogue.get("BTC-USDT", MINUTE_MS)) == 1000
    serve(venue, made(0, 1440))
    assert download(source, catalogue, "BTC-USDT", MINUTE_MS, DAY, AT) == (440, 1, 1440, ())
    assert starts(venue)[-1] == 1000


def test_a_candle_that_cannot_be_is_left_out_and_named(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    page = [kline(candle, MINUTE_MS) for candle in rows(made(0, 100))]
    page[7][1:6] = ["0.0"] * 5
    venue.on(KLINES, scripted.answer(page))
    done = download(source, catalogue, "BTC-USDT", MINUTE_MS, (START, START + 100 * MINUTE_MS), AT)
    assert done.new == done.held == 99
    assert [odd[:60] for odd in done.left_out] == [
        "candle 2023-01-01T00:07:00+00:00 cannot be: open 0.0, high 0"
    ]


def test_an_interrupt_keeps_what_came(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    serve(venue, made(0, 1440))

    def interrupt(count: int, _: int) -> None:
        if count >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(source, catalogue, "BTC-USDT", MINUTE_MS, DAY, AT, interrupt)
    assert len(catalogue.get("BTC-USDT", MINUTE_MS)) == 1000


def test_a_long_download_is_written_as_it_goes(
    venue: ScriptedServer,
    source: GuardedProvider,
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(research.data.download, "FLUSH_ROWS", 2000)
    held: list[int] = []

    def watching(exchange: Exchange) -> None:
        now = catalogue.held("BTC-USDT", MINUTE_MS)
        held.append(0 if now is None else len(now))
        klines({"BTCUSDT": recorded(rows(made(0, 4500)))})(exchange)

    venue.on(KLINES, watching)
    span = (START, START + 4500 * MINUTE_MS)
    assert download(source, catalogue, "BTC-USDT", MINUTE_MS, span, AT) == (4500, 5, 4500, ())
    assert held == [0, 0, 2000, 2000, 4000]
    # Three writings of one download are one origin.
    assert [(origin.name, origin.candles) for origin in catalogue.list()[0].sources] == [("binance", 4500)]


def test_only_closed_candles_are_taken(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    serve(venue, made(0, 1440))
    for seconds, closed in ((3630, 60), (3660, 61)):
        now = datetime.fromtimestamp(START / 1000, UTC) + timedelta(seconds=seconds)
        download(source, catalogue, "BTC-USDT", MINUTE_MS, (START, None), now)
        assert len(catalogue.get("BTC-USDT", MINUTE_MS)) == closed
    with pytest.raises(BadInput, match="no candle of the range is closed yet"):
        download(source, catalogue, "BTC-USDT", MINUTE_MS, (millis(AT), None), AT)


def test_an_open_start_begins_where_the_venue_begins(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    serve(venue, made(0, 50))
    done = download(source, catalogue, "BTC-USDT", MINUTE_MS, (None, START + DAY_MS), AT)
    assert (done.new, done.held) == (50, 50)


def test_a_symbol_the_venue_does_not_know_is_its_own_answer(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue
) -> None:
    serve(venue, made())
    with pytest.raises(Refused, match=r"Invalid symbol.*0 new candles are kept"):
        download(source, catalogue, "ABC-USDT", MINUTE_MS, DAY, AT)
    assert catalogue.list() == ()


Spoil = Callable[[list[RawCandle]], list[RawCandle]]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda page: page[::-1],
        lambda page: [page[0], page[0]],
        lambda page: [page[0]._replace(high=1.0)],
        lambda page: [page[0]._replace(close=1e9)],
    ],
)
def test_a_page_that_cannot_be_is_not_kept(
    venue: ScriptedServer, source: GuardedProvider, catalogue: Catalogue, spoil: Spoil
) -> None:
    page = [kline(candle, MINUTE_MS) for candle in spoil(rows(made(0, 5)))]
    venue.on(KLINES, scripted.answer(page))
    with pytest.raises(BadAnswer, match=r"candle 2023-01-01T00:0.:00.* cannot be: (open|its time)"):
        download(source, catalogue, "BTC-USDT", MINUTE_MS, DAY, AT)
    assert catalogue.list() == ()


def test_what_is_lacking_leaves_out_what_has_no_room() -> None:
    assert lacking(None, (0, 5), 5) == [(0, 5)]
    assert lacking(None, (5, 5), 5) == []
    held = made(0, 10)
    assert lacking(held, (START, START + 10 * MINUTE_MS), MINUTE_MS) == []
    late = replace(held, time=held.time + 30_000)
    # From 00:10:30 to the end at 00:10:45 no minute begins.
    assert lacking(late, (START, START + 10 * MINUTE_MS + 45_000), MINUTE_MS) == [(START, START + 30_000)]


def columns_of(catalogue: Catalogue) -> list[Path]:
    return sorted(catalogue.root.glob("BTC-USDT/.*.columns"))


def test_mapped_candles_are_those_held_and_give_their_memory_back(catalogue: Catalogue) -> None:
    catalogue.add(made(), "file.csv", AT)
    for _ in range(2):
        candles = catalogue.mapped("BTC-USDT", MINUTE_MS)
        assert candles.memory is not None
        assert candles.close.flags.writeable, "else the compiler would make a second version"
        candles[10:20].release()
        assert rows(candles) == rows(catalogue.get("BTC-USDT", MINUTE_MS))
    (file,) = columns_of(catalogue)
    assert file.stat().st_mode & 0o077 == 0
    assert len(catalogue.list()) == 1


def test_columns_of_other_candles_or_damaged_ones_are_made_anew(catalogue: Catalogue) -> None:
    catalogue.add(made(), "file.csv", AT)
    before = catalogue.mapped("BTC-USDT", MINUTE_MS)
    (first,) = columns_of(catalogue)
    catalogue.add(made(100, 150), "more.csv", AT)
    assert rows(catalogue.mapped("BTC-USDT", MINUTE_MS)) == rows(made(0, 150))
    (second,) = columns_of(catalogue)
    assert second != first
    assert rows(before) == rows(made()), "who had the old ones mapped still has them"
    for content in (b"", second.read_bytes()[:-3], second.read_bytes()[:-8] + bytes(8)):
        second.write_bytes(content)
        assert rows(catalogue.mapped("BTC-USDT", MINUTE_MS)) == rows(made(0, 150))
        assert second.stat().st_size == 150 * 48


def test_columns_that_cannot_be_written_are_read_into_memory(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    catalogue.add(made(), "file.csv", AT)
    monkeypatch.setattr(research.data.catalogue, "write_columns", full)
    candles = catalogue.mapped("BTC-USDT", MINUTE_MS)
    assert candles.memory is None
    assert rows(candles) == rows(made())
    with pytest.raises(BadInput, match="ETH-USDT 1m is not in"):
        catalogue.mapped("ETH-USDT", MINUTE_MS)
