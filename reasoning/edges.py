"""The edge of an entry: what promoted voices, by their proofs, believe at least of what it may earn."""

from collections.abc import Iterator, Mapping, Sequence

from domain.advice import Advice
from domain.decision import Edge
from domain.kelly import kelly
from reasoning.advised import Promoted
from reasoning.orientation import ModelOpinion


def edge_of(
    advice: Sequence[Advice], models: Sequence[ModelOpinion], promoted: Mapping[str, Promoted]
) -> Edge | None:
    """Return the least edge that promoted voices see, None where none is proven; the first wins a tie."""
    if not promoted:
        return None
    edges = [*_of_advisers(advice, promoted), *_of_models(models, promoted)]
    return min(edges, key=lambda each: kelly(each.chance, each.payoff), default=None)


def _of_advisers(advice: Sequence[Advice], promoted: Mapping[str, Promoted]) -> Iterator[Edge]:
    """Yield the edges of promoted advisers that spoke; one that abstains states a probability too."""
    for each in advice:
        known = promoted.get(each.identity)
        if known is not None and known.calibrator is not None and known.payoff > 0.0 and each.samples > 0:
            yield Edge(each.voice, known.calibrator.ends(each.probability)[0], known.payoff)


def _of_models(models: Sequence[ModelOpinion], promoted: Mapping[str, Promoted]) -> Iterator[Edge]:
    yield from (each.edge for each in models if each.edge is not None and each.advice.identity in promoted)
