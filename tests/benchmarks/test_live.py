"""The live benchmarks measure what they say, on a small scale."""

from pathlib import Path

import pytest

from benchmarks.live import memory, recovery, stream, wire


def test_orders_go_over_the_wire_and_take_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ORDERS", 5)
    figures = {figure.name: figure.median for figure in wire.wire(tmp_path).figures}
    committed = figures["intent committed, durable"]
    assert 0 < figures["decision to first byte: p50"] <= figures["decision to outcome journaled: p50"]
    assert committed > 0


def test_a_journal_of_orders_is_folded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "COUNTS", (10, 700))
    assert [figure.unit for figure in recovery.recovery(tmp_path).figures] == ["ms", "us", "ms", "us"]


def test_what_the_stream_took_and_dropped_is_what_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SECONDS", 0.5)
    monkeypatch.setattr(stream, "RATES", (200,))
    figures = {figure.name: figure.median for figure in stream.stream(tmp_path).figures}
    assert figures["200/s asked: understood"] == figures["200/s asked: sent"] > 0
    assert figures["200/s asked: dropped, counted"] == 0


def test_the_resident_size_of_a_trading_agent_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MINUTES", 0.2)
    monkeypatch.setattr(memory, "SAMPLES", 4)
    figures = {figure.name: figure.median for figure in memory.memory(tmp_path).figures}
    assert 20 < figures["RSS after a tenth"] <= figures["RSS largest"]
    assert figures["cycles"] > 0
