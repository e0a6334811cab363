"""The exposition: one collector on a registry of its own, filled anew at each scrape.

It asks no agent anything and waits for nobody: what an agent's process alone knows it has told by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from time import perf_counter
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from agent.answers.account import Timing
from agent.serve.metrics import lines
from agent.serve.metrics.facts import AgentFacts, ServerFacts
from agent.serve.metrics.readings import Sample
from agent.serve.metrics.table import BEFORE_IT_IS_READ, DURATIONS, METRICS, OWN, Duration, Kind

SCRAPE = "boyd_scrape_seconds"
OPEN_METRICS = "application/openmetrics-text"


class Told(NamedTuple):
    """The facts of one scrape."""

    agents: Sequence[AgentFacts]
    server: ServerFacts


class Exposition:
    """Tells what `look` returns, in whatever format is asked for."""

    def __init__(self, look: Callable[[], Told]) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(_Facts(look))
        ProcessCollector(namespace="boyd", registry=self.registry)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Return the metrics and their media type, for an Accept header."""
        _, media = choose_encoder(accept)
        encode = lines.open_metrics if media.startswith(OPEN_METRICS) else lines.plain
        return encode(self.registry.collect()), media


class _Facts(Collector):
    """Collects the table's metrics from the facts of the moment."""

    def __init__(self, look: Callable[[], Told]) -> None:
        self.look = look

    def collect(self) -> Iterable[Family]:
        """Return every family with its samples."""
        began = perf_counter()
        facts = self.look()
        families = [*_of_agents(facts.agents), *_of_server(facts.server)]
        took = GaugeMetricFamily(SCRAPE, "time this scrape took to be gathered")
        took.add_metric([], perf_counter() - began)
        return [*families, took]


def _of_agents(agents: Sequence[AgentFacts]) -> Iterator[Family]:
    read = [(facts.name, _read(facts)) for facts in agents]
    for index, metric in enumerate(METRICS):
        family = _family(metric.kind, metric.name, metric.meaning, ("agent", *metric.labels))
        for name, samples in read:
            _add(family, samples[index], name)
        yield family
    for duration in DURATIONS:
        yield _histogram(duration, agents)


def _read(facts: AgentFacts) -> list[list[Sample]]:
    """Read every metric of one agent, all of the same moment."""
    with facts.state.lock:
        return [
            list(metric.read(facts)) if facts.read or metric.name in BEFORE_IT_IS_READ else []
            for metric in METRICS
        ]


def _of_server(server: ServerFacts) -> Iterator[Family]:
    for own in OWN:
        family = _family(own.kind, own.name, own.meaning, own.labels)
        _add(family, own.read(server))
        yield family


def _family(
    kind: Kind, name: str, meaning: str, labels: Sequence[str]
) -> GaugeMetricFamily | CounterMetricFamily:
    family = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
    return family(name, meaning, labels=labels)


def _add(family: GaugeMetricFamily | CounterMetricFamily, samples: Iterable[Sample], *before: str) -> None:
    for labels, value in samples:
        family.add_metric([*before, *labels], value)


def _histogram(duration: Duration, agents: Sequence[AgentFacts]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(duration.name, duration.meaning, labels=["agent"])
    for facts in agents:
        timing = duration.read(facts)
        if timing is not None:
            family.add_metric([facts.name], _buckets(timing), timing.seconds)
    return family


def _buckets(timing: Timing) -> list[tuple[str, float]]:
    bounds = [*map(floatToGoString, timing.bounds), "+Inf"]
    return list(zip(bounds, map(float, accumulate(timing.counts)), strict=True))
