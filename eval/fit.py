"""Fit the weights of fusion, intent and refusal; test cases are never looked at."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

import assistant.evidence
import ingest.index
from assistant.answer import REFUSALS, Question
from assistant.ask import Assistant
from assistant.evidence import FEATURES as EVIDENCE
from assistant.evidence import RefusalWeights
from assistant.intent import INTENTS, Intent, IntentWeights, grams, intents
from corpus.provision import Locator
from eval.cases import TODAY, Case
from eval.metrics import matches
from ingest.document import digest_of
from ingest.index import FEATURES as SCORES
from ingest.index import Filter, FusionWeights, Hit, prior_features

DRAWS = 4_000
"""Random weight vectors tried; the mean of the best ones is kept, which is steadier than one."""
MOST_PRIOR = 0.08
"""Largest weight of a prior tried, against scores whose weights sum to one."""
KEPT = 40
DEEP = 60
WRONG_DECLINES = 0.002
"""Share of answerable tune questions that may be taken for misuse."""
WRONG_REFUSALS = 0.01
"""Share of answerable tune questions that the threshold may refuse."""

RAREST_GRAM = 3
STRENGTH = 10.0
SMALLEST_WEIGHT = 0.3
"""An n-gram is left out below this count, and below this weight for every intent."""
MOST_LINES = 300
"""Lines of each kind and half that the refusal is fitted on."""
WEIGHTS: dict[type[BaseModel], Path] = {
    FusionWeights: Path(ingest.index.__file__).parent / "fusion.json",
    RefusalWeights: Path(assistant.evidence.__file__).parent / "refusal.json",
    IntentWeights: Path(assistant.evidence.__file__).parent / "intent.json",
}

Matrix = npt.NDArray[np.float64]


def fit_fusion(assistant_: Assistant, cases: Sequence[Case]) -> FusionWeights:
    """Search the weights that rank necessary provisions highest (mean of recall@5 and MRR).

    A guide counts for the provisions its conclusion rests on, and has no authority of its own.
    """
    tuned = [case for case in cases if case.split == "tune" and case.needed]
    tables = [_ranking(assistant_, case) for case in tuned]
    chance = np.random.default_rng(0)
    shares = chance.dirichlet(np.ones(len(SCORES)), DRAWS)
    draws = np.column_stack([shares, -chance.uniform(0, MOST_PRIOR, (DRAWS, 2))])
    worth = np.array([np.mean([_quality(t, draw) for t in tables]) for draw in draws])
    best = draws[np.argsort(-worth)[:KEPT]].mean(axis=0)
    *weights, authority, unchecked = (round(float(weight), 3) for weight in best)
    return FusionWeights(
        **dict(zip(SCORES, weights, strict=True)),
        authority=-authority,
        unchecked=-unchecked,
        cases=_digest(tuned),
    )


def fit_intent(lines: Mapping[Intent, Sequence[str]]) -> IntentWeights:
    """Fit the n-gram classifier on lines of each intent; small weights are left out."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    texts = [(text, number) for number, name in enumerate(INTENTS) for text in lines[name]]
    found = [list(grams(text)) for text, _ in texts]
    counts = Counter(gram for row in found for gram in row)
    columns = {gram: n for n, gram in enumerate(g for g, c in counts.items() if c >= RAREST_GRAM)}
    held = [(r, columns[g], len(row)) for r, row in enumerate(found) for g in row if g in columns]
    rows, at, sizes = (list(column) for column in zip(*held, strict=True))
    table = csr_matrix((1 / np.sqrt(sizes), (rows, at)), shape=(len(texts), len(columns)))
    model = LogisticRegression(class_weight="balanced", C=STRENGTH, max_iter=1000)
    model.fit(table, [number for _, number in texts])
    weights = {
        gram: tuple(round(float(w), 2) for w in model.coef_[:, column])
        for gram, column in columns.items()
    }
    return IntentWeights(
        bias={n: round(float(b), 3) for n, b in zip(INTENTS, model.intercept_, strict=True)},
        grams={g: w for g, w in sorted(weights.items()) if max(map(abs, w)) >= SMALLEST_WEIGHT},
        lines=digest_of({name: list(lines[name]) for name in INTENTS}),
    )


def fit_refusal(
    assistant_: Assistant, cases: Sequence[Case], lines: Mapping[Intent, Sequence[str]]
) -> RefusalWeights:
    """Fit a logistic regression that tells answerable from unanswerable questions.

    Lines are scored by an intent classifier that was fitted on the other half of them, so that
    the regression sees its real errors.
    """
    from sklearn.linear_model import LogisticRegression

    tuned = [case for case in cases if case.split == "tune"]
    rows = [assistant_.features(case.asked, assistant_.search(case.asked)) for case in tuned]
    labels = [case.kind not in REFUSALS for case in tuned]
    misuse = [intents(case.question, assistant_.intent)["must_not_help"] for case in tuned]
    for half in (0, 1):
        other = {name: lines[name][1 - half :: 2] for name in INTENTS}
        judge = replace(assistant_, intent=fit_intent(other))
        for name in ("in_field", "out_of_field"):
            for text in lines[name][half::2][:MOST_LINES]:
                question = Question(text, TODAY)
                rows.append(judge.features(question, judge.search(question)))
                labels.append(name == "in_field")
    table = np.array([[row[name] for name in EVIDENCE] for row in rows])
    model = LogisticRegression(class_weight="balanced", C=1.0).fit(table, labels)
    likely = model.predict_proba(table)[: len(tuned), 1]
    answerable = np.array(labels[: len(tuned)])
    threshold = float(np.quantile(likely[answerable], WRONG_REFUSALS))
    weights = {n: round(float(w), 3) for n, w in zip(EVIDENCE, model.coef_[0], strict=True)}
    return RefusalWeights(
        bias=round(float(model.intercept_[0]), 3),
        weights=weights,
        threshold=round(threshold, 3),
        misuse=round(
            max(0.5, float(np.quantile(np.array(misuse)[answerable], 1 - WRONG_DECLINES))), 3
        ),
        cases=_digest(tuned),
    )


def write_weights(weights: FusionWeights | RefusalWeights | IntentWeights) -> Path:
    """Write fitted weights beside the code that uses them; short lists stay on one line."""
    path = WEIGHTS[type(weights)]
    text = json.dumps(weights.model_dump(mode="json"), ensure_ascii=False, indent=1)
    text = re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _ranking(assistant_: Assistant, case: Case) -> tuple[Matrix, list[set[int]]]:
    """Scores and priors of the candidates, and the necessary groups each one satisfies."""
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
    rows = [(*hit.features, *prior_features(hit.passage)) for hit in hits]
    return np.array(rows).reshape(len(hits), len(SCORES) + 2), satisfied


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
