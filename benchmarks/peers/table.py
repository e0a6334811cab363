"""The comparison as a table for people, and whether the aims were met in this very run."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

Row = Mapping[str, Any]
HEAD = f"{'engine':16}{'run':15}{'seconds':>10}{'x bare':>9}{'first':>9}{'trades':>8}{'equity':>15}{'MB':>7}"


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return the report as lines."""
    rows: Sequence[Row] = found["rows"]
    timed = [row for row in rows if "verdict" in row and "trades" in row]
    swept = [row for row in rows if "pairs" in row]
    other = [row for row in rows if row not in timed and row not in swept and "failed" not in row]
    return [
        *_machine(found),
        "",
        f"{found['bars']:,} one-minute candles: RSI(14, 30/70), SMA(20/50), one unit, long, 0.1 % a side",
        *_table(rows, timed, ("rsi", "sma")),
        "",
        f"four symbols in one account, {found['bars'] // 4:,} candles of each: SMA(20/50)",
        *_table(rows, timed, ("basket",)),
        "",
        f"two timeframes, {found['bars']:,} candles: SMA(20/50), entered above a mean of four hours",
        *_table(rows, timed, ("trend",)),
        "",
        f"sweep of SMA pairs on {found['sweep_bars']:,} candles",
        *_bare_sweep(swept),
        *(_swept(row) for row in swept),
        "",
        *(_other(row) for row in other),
        *(f"{row['engine']:16}{row['run']:15}FAILED: {row['failed']}" for row in rows if "failed" in row),
        "",
        "trades and final equity, against a reference worked out a second way:",
        *(f"  {row['engine']} {row['run']}: {row['verdict']}" for row in rows if "verdict" in row),
        "",
        "what each does per candle:",
        *(line for name, does in found["does"].items() for line in _wrapped(f"{name}: {does}")),
        "",
        *aims(rows),
    ]


def _table(rows: Sequence[Row], timed: Sequence[Row], kinds: Sequence[str]) -> list[str]:
    of_kinds = [row for row in timed if row["run"].partition("-")[0] in kinds]
    ours_first = sorted(of_kinds, key=lambda row: (row["engine"] != "boyd", row["ratio"]))
    return [HEAD, *_bare(rows, kinds), *map(_timed, ours_first)]


def _wrapped(text: str) -> list[str]:
    return wrap(text, 104, initial_indent="  ", subsequent_indent="    ")


def _machine(found: Mapping[str, Any]) -> list[str]:
    told = found["machine"]
    versions = dict.fromkeys(f"{row['engine']} {row['version']}" for row in found["rows"] if "version" in row)
    return [
        f"{found['date']}; {told['processor']}, {told['cores']} cores, {told['memory_gb']} GB",
        f"{told['system']}, Python {told['python']}",
        f"load {told['load']} before, {told['load_after']} after",
        *wrap(", ".join(versions), 108),
    ]


def _bare(rows: Sequence[Row], kinds: Sequence[str]) -> list[str]:
    told = []
    for run in kinds:
        found = [row["bare"] for row in rows if row["run"] == run and "bare" in row]
        if found:
            best = min(found, key=lambda each: float(each["seconds"]))
            slow = max(each["seconds"] for each in found)
            told.append(
                f"{'bare kernel':16}{run:15}{best['seconds']:10.4f}{1:9.1f}{best['first']:9.2f}"
                f"{best['trades']:8,}{best['equity']:15,.2f}{best['rss_mb']:7.0f}  (to {slow:.4f})"
            )
    return told


def _timed(row: Row) -> str:
    return (
        f"{row['engine']:16}{row['run']:15}{row['seconds']:10.4f}{row['ratio']:9.1f}{row['first']:9.2f}"
        f"{row['trades']:8,}{row['equity']:15,.2f}{row['rss_mb']:7.0f}"
    )


def _bare_sweep(swept: Sequence[Row]) -> list[str]:
    found = [row["bare"] for row in swept if "bare" in row]
    if not found:
        return []
    best = min(found, key=lambda each: float(each["seconds"]))
    return [f"{'bare kernel':16}{'one core':15}{best['pairs'] / best['seconds']:10,.0f} pairs/s"]


def _swept(row: Row) -> str:
    told = f"{row['engine']:16}{row['run']:15}{row['pairs'] / row['seconds']:10,.0f} pairs/s"
    told += f"{row['rss_mb']:7.0f} MB" + (f"{row['ratio']:9.2f} x bare" if "ratio" in row else "")
    if "one_thread" in row:
        alone = row["pairs"] / row["one_thread"]
        told += f"; one thread {alone:,.0f} pairs/s, {row['one_thread_mb']:.0f} MB"
    return told + (f" ({row['note']})" if "note" in row else "")


def _other(row: Row) -> str:
    told = f"{row['engine']:16}{row['run']:15}{row['seconds']:10.4f} s, first {row['first']:.2f} s"
    more = f", {row['prepare']:.1f} s of processor" if "prepare" in row else ""
    more += f", {row['candles']:,} candles of {row['candles_mb']:,.0f} MB" if "candles_mb" in row else ""
    return f"{told}{more}, {row['rss_mb']:,.0f} MB"


def aims(rows: Sequence[Row]) -> list[str]:
    """Return one line per aim, met or missed, from the rows of this run."""
    by = {(row["engine"], row["run"]): row for row in rows if "failed" not in row}
    told = [
        _aim(row["ratio"] <= 5.0, f"replay of {run} at {row['ratio']:.1f}x the bare kernel, at most 5x")
        for run in ("rsi", "sma")
        if (row := by.get(("boyd", run)))
    ]
    if row := by.get(("boyd", "sweep-4000")) or by.get(("boyd", "sweep")):
        rate = row["pairs"] / row["seconds"]
        told.append(_aim(rate >= 4_000, f"{rate:,.0f} pairs/s on two cores, at least 4,000"))
        told.append(_aim(row["rss_mb"] < 300, f"sweep in {row['rss_mb']:.0f} MB, below 300"))
    for run in ("rsi", "sma"):
        mine, other = by.get(("boyd", f"{run}-plain")), by.get(("backtesting.py", run))
        if mine and other:
            words = f"{run} uncompiled {mine['seconds']:.2f} s, backtesting.py {other['seconds']:.2f} s"
            told.append(_aim(mine["seconds"] < other["seconds"], words))
    if row := by.get(("boyd", "compile cold")):
        cost = row["first"] - row["seconds"]
        told.append(_aim(cost < 3.0, f"compile time {cost:.1f} s cold, below 3"))
    return told


def _aim(met: bool, words: str) -> str:  # noqa: FBT001  # a word of its own at both callers' ends
    return f"{'aim met:   ' if met else 'aim MISSED:'} {words}"
