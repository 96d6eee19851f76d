"""What is being asked for: something in the field, something else, or help to break the law.

A linear classifier over character n-grams, so that its weights can be read. Knows nothing about
the index.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ingest.segment import normalise

Intent = Literal["in_field", "out_of_field", "must_not_help"]
INTENTS: tuple[Intent, ...] = ("in_field", "out_of_field", "must_not_help")
LONGEST_GRAM = 3


class IntentWeights(BaseModel):
    """Multinomial logistic regression fitted by `eval fit`, kept in `intent.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bias: dict[Intent, float]
    grams: dict[str, tuple[float, ...]]
    """N-gram -> weight for each intent, in the order of INTENTS."""
    lines: str = ""
    """Digest of the lines the weights were fitted on."""


def grams(text: str) -> Iterator[str]:
    """Yield the distinct character n-grams of a text, its edges marked.

    >>> sorted(grams("加班"))
    ['^加', '^加班', '加', '加班', '加班$', '班', '班$']
    """
    marked = f"^{normalise(text)}$"
    seen = set()
    for size in range(1, LONGEST_GRAM + 1):
        for start in range(len(marked) - size + 1):
            gram = marked[start : start + size]
            if gram not in ("^", "$") and gram not in seen:
                seen.add(gram)
                yield gram


def intents(text: str, weights: IntentWeights) -> dict[Intent, float]:
    """Return the probability of each intent."""
    found = list(grams(text))
    scale = 1 / math.sqrt(len(found) or 1)
    scores = [weights.bias[name] for name in INTENTS]
    for gram in found:
        for position, weight in enumerate(weights.grams.get(gram, ())):
            scores[position] += scale * weight
    powers = [math.exp(score - max(scores)) for score in scores]
    return {name: power / sum(powers) for name, power in zip(INTENTS, powers, strict=True)}


@cache
def load_intent_weights(path: Path = Path(__file__).parent / "intent.json") -> IntentWeights:
    """Read the fitted weights."""
    return IntentWeights.model_validate_json(path.read_text(encoding="utf-8"))
