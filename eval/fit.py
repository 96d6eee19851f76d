"""Fit the weights of fusion and refusal on the tune cases; test cases are never looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

import assistant.evidence
import ingest.index
from assistant.answer import REFUSALS, Question
from assistant.ask import Assistant
from assistant.evidence import FEATURES as EVIDENCE
from assistant.evidence import RefusalWeights, features
from corpus.provision import Locator
from eval.cases import TODAY, Case
from eval.metrics import matches
from ingest.document import digest_of
from ingest.index import FEATURES as SCORES
from ingest.index import Filter, FusionWeights, Hit

DRAWS = 4_000
"""Random weight vectors tried; the mean of the best ones is kept, which is steadier than one."""
MOST_AUTHORITY = 0.06
"""Largest weight of a level of authority tried, against scores whose weights sum to one."""
KEPT = 40
DEEP = 60
WRONG_REFUSALS = 0.02
"""Share of answerable tune questions that the threshold may refuse."""

Matrix = npt.NDArray[np.float64]


def fit_fusion(assistant_: Assistant, cases: Sequence[Case]) -> FusionWeights:
    """Search the weights that rank necessary provisions highest (mean of recall@5 and MRR).

    A guide counts for the provisions its conclusion rests on, and has no authority of its own.
    """
    tuned = [case for case in cases if case.split == "tune" and case.needed]
    tables = [_ranking(assistant_, case) for case in tuned]
    chance = np.random.default_rng(0)
    shares = chance.dirichlet(np.ones(len(SCORES)), DRAWS)
    draws = np.column_stack([shares, -chance.uniform(0, MOST_AUTHORITY, DRAWS)])
    worth = np.array([np.mean([_quality(t, draw) for t in tables]) for draw in draws])
    best = draws[np.argsort(-worth)[:KEPT]].mean(axis=0)
    *weights, authority = (round(float(weight), 3) for weight in best)
    return FusionWeights(
        **dict(zip(SCORES, weights, strict=True)), authority=-authority, cases=_digest(tuned)
    )


def fit_refusal(
    assistant_: Assistant,
    cases: Sequence[Case],
    inside: Sequence[str] = (),
    outside: Sequence[str] = (),
) -> RefusalWeights:
    """Fit a logistic regression that tells answerable from unanswerable questions."""
    from sklearn.linear_model import LogisticRegression

    tuned = [case for case in cases if case.split == "tune"]
    asked = [case.asked for case in tuned]
    labels = [case.kind not in REFUSALS for case in tuned]
    asked += [Question(text, TODAY) for text in (*inside, *outside)]
    labels += [True] * len(inside) + [False] * len(outside)
    index = assistant_.library.index
    rows = [features(q.text, assistant_.search(q), index) for q in asked]
    table = np.array([[row[name] for name in EVIDENCE] for row in rows])
    model = LogisticRegression(class_weight="balanced", C=10.0).fit(table, labels)
    likely = model.predict_proba(table)[:, 1]
    answerable = np.sort(likely[np.array(labels)])
    threshold = float(answerable[int(len(answerable) * WRONG_REFUSALS)])
    weights = {n: round(float(w), 3) for n, w in zip(EVIDENCE, model.coef_[0], strict=True)}
    return RefusalWeights(
        bias=round(float(model.intercept_[0]), 3),
        weights=weights,
        threshold=round(min(0.5, threshold), 3),
        cases=_digest(tuned),
    )


def write_weights(fusion: FusionWeights, refusal: RefusalWeights) -> tuple[Path, Path]:
    """Write the fitted weights into the layers that use them."""
    paths = (
        Path(ingest.index.__file__).parent / "fusion.json",
        Path(assistant.evidence.__file__).parent / "refusal.json",
    )
    for path, weights in zip(paths, (fusion, refusal), strict=True):
        path.write_text(weights.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return paths


def _ranking(assistant_: Assistant, case: Case) -> tuple[Matrix, list[set[int]]]:
    """Scores and levels of the candidates, and the necessary groups each one satisfies."""
    within = Filter(case.on, case.region)
    hits = assistant_.library.index.search(case.question, within=within, k=DEEP)
    hits = [
        hit
        for hit in hits
        if not any(matches(name, hit.passage.provision or "") for name in case.acceptable)
    ]
    satisfied = [
        {
            number
            for number, group in enumerate(case.needed)
            if any(matches(name, provision) for name in group for provision in _provisions(hit))
        }
        for hit in hits
    ]
    rows = [(*hit.features, hit.passage.document.level - 1) for hit in hits]
    return np.array(rows).reshape(len(hits), len(SCORES) + 1), satisfied


def _provisions(hit: Hit) -> list[str]:
    """Ids of the provisions a hit stands for."""
    if hit.passage.kind == "guide":
        return [Locator.parse(text).provision for text in hit.passage.rests_on]
    return [hit.passage.provision or hit.passage.id]


def _quality(table: tuple[Matrix, list[set[int]]], weights: Matrix) -> float:
    scores, satisfied = table
    order = np.argsort(-(scores @ weights))
    wanted = set().union(*satisfied) if satisfied else set()
    if not wanted:
        return 0.0
    first = next(rank for rank, at in enumerate(order, 1) if satisfied[at])
    found = set().union(*(satisfied[at] for at in order[:5]))
    return (1 / first + len(found) / len(wanted)) / 2


def _digest(cases: Sequence[Case]) -> str:
    return digest_of([case.model_dump(mode="json") for case in cases])
