"""Ask a system every case and score what it says."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from assistant.answer import Answer
from assistant.ask import Assistant
from assistant.write import evidence, give_way
from eval.cases import Case
from eval.metrics import METRICS, Observed, bootstrap_interval
from ingest.document import digest_of
from ingest.index import Filter, Mode

System = Callable[[Case], Observed]
Progress = Callable[[int, int], None]


class Result(BaseModel):
    """The scores of one run, case by case."""

    model_config = ConfigDict(frozen=True)

    commit: str
    at: datetime
    cases: str
    """Digest of the case set."""
    scores: dict[str, dict[str, float]]
    """Metric -> case id -> value."""
    seconds: dict[str, float]
    groups: dict[str, str]
    """Case id -> group."""
    splits: dict[str, str]
    """Case id -> tune or test."""

    def values(
        self, metric: str, *, split: str | None = None, group: str | None = None
    ) -> list[float]:
        """Scores of one metric over the cases of a split and group."""
        return [
            value
            for name, value in self.scores.get(metric, {}).items()
            if (split is None or self.splits[name] == split)
            and (group is None or self.groups[name] == group)
        ]


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean of one metric with its interval."""

    mean: float
    low: float
    high: float
    count: int


def summarise(values: Sequence[float]) -> Summary | None:
    """Mean and 95 % interval; None where there is nothing to count."""
    if not values:
        return None
    low, high = bootstrap_interval(values)
    return Summary(float(np.mean(values)), low, high, len(values))


def run(
    system: System, cases: Sequence[Case], progress: Progress = lambda done, total: None
) -> tuple[Result, dict[str, Observed]]:
    """Ask every case and score it with every metric that applies."""
    scores: dict[str, dict[str, float]] = {name: {} for name in METRICS}
    observed: dict[str, Observed] = {}
    for done, case in enumerate(cases, 1):
        observed[case.id] = system(case)
        for name, metric in METRICS.items():
            value = metric(case, observed[case.id])
            if value is not None:
                scores[name][case.id] = round(value, 4)
        progress(done, len(cases))
    result = Result(
        commit=commit(),
        at=datetime.now(UTC),
        cases=digest_of([case.model_dump(mode="json") for case in cases]),
        scores={name: values for name, values in scores.items() if values},
        seconds={name: round(seen.seconds, 5) for name, seen in observed.items()},
        groups={case.id: case.group for case in cases},
        splits={case.id: case.split for case in cases},
    )
    return result, observed


def answering(assistant: Assistant) -> System:
    """Return the whole assistant as a system to be scored."""

    def system(case: Case) -> Observed:
        started = time.perf_counter()
        answer = assistant.ask(case.asked)
        return observe(answer, time.perf_counter() - started)

    return system


def searching(assistant: Assistant, mode: Mode) -> System:
    """Return the search alone, by one side or both, for ablations."""

    def system(case: Case) -> Observed:
        started = time.perf_counter()
        hits = assistant.library.index.search(
            case.question, within=Filter(case.on, case.region), k=20, mode=mode
        )
        store = assistant.library.store
        given = give_way(case.asked, hits, assistant.library.index, store)
        found = evidence(given, store, case.on)
        ids = tuple(item.id for item in found)
        return Observed("answered", "", ids, (), 1.0, time.perf_counter() - started)

    return system


def observe(answer: Answer, seconds: float) -> Observed:
    """Reduce an answer to what the metrics look at."""
    exact = [citation.quote in citation.text for citation in answer.citations]
    return Observed(
        kind=answer.kind,
        text=answer.text,
        retrieved=tuple(item.id for item in answer.retrieved),
        cited=tuple(citation.provision for citation in answer.citations),
        quotes_found=sum(exact) / len(exact) if exact else 1.0,
        seconds=seconds,
    )


def commit() -> str:
    """Return the commit that is checked out, `unknown` outside a repository."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
