"""Is there enough evidence to answer? A calibrated classifier over what the search found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from assistant.intent import Intent
from ingest.index import Hit, Index

FEATURES = ("coverage", "face_coverage", "dense", "margin", "agreement", "field", "unknown")


class RefusalWeights(BaseModel):
    """Logistic regression fitted by `eval fit` on the tune cases, kept in `refusal.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bias: float
    weights: dict[str, float]
    threshold: float = 0.5
    """Answer where the probability is at least this."""
    misuse: float = 0.5
    """Decline where the probability of being asked to break the law is at least this."""
    cases: str = ""
    """Digest of the tune cases the weights were fitted on."""


def features(
    question: str, hits: Sequence[Hit], index: Index, meant: Mapping[Intent, float]
) -> dict[str, float]:
    """Describe the evidence for a question; all but `field` lie between 0 and about 1.

    coverage: share of the question's terms (idf-weighted) in the five best passages;
    face_coverage: the same in the single best face; dense: cosine of the best passage;
    margin: how far the best score stands above the tenth; agreement: whether the best passage is
    among the three best of both lexical and dense search; field: log odds that the words are of
    the field; unknown: share of the terms that no face has.
    """
    field = math.log((meant["in_field"] + 1e-6) / (meant["out_of_field"] + 1e-6))
    if not hits:
        return {**dict.fromkeys(FEATURES, 0.0), "field": field, "unknown": 1.0}
    best = hits[0]
    tenth = hits[min(9, len(hits) - 1)]
    by_lexical = sorted(hits, key=lambda hit: -hit.lexical)[:3]
    by_dense = sorted(hits, key=lambda hit: -hit.dense)[:3]
    return {
        "coverage": index.coverage(question, [f"{h.face} {h.passage.text}" for h in hits[:5]]),
        "face_coverage": max(index.coverage(question, [hit.face]) for hit in hits[:3]),
        "dense": max(hit.dense for hit in hits[:3]),
        "margin": best.score - tenth.score,
        "agreement": float(best in by_lexical) * 0.5 + float(best in by_dense) * 0.5,
        "field": field,
        "unknown": index.unknown(question),
    }


def probability(values: dict[str, float], weights: RefusalWeights) -> float:
    """Probability that the question can be answered from what was found."""
    score = weights.bias + sum(weights.weights[name] * values[name] for name in weights.weights)
    return 1 / (1 + math.exp(-score))


def load_refusal_weights(path: Path = Path(__file__).parent / "refusal.json") -> RefusalWeights:
    """Read the fitted weights."""
    return RefusalWeights.model_validate_json(path.read_text(encoding="utf-8"))
