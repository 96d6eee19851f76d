"""How fast and how large: whole answers, start to first answer, resident memory."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.ask import Assistant
from eval.cases import Case
from ingest.index import Filter

ROUNDS = 2

_FIRST_ANSWER = """
import sys, time
start = time.perf_counter()
import ui.app
from datetime import date
from assistant.answer import Question
from assistant.ask import Assistant
from assistant.settings import settings
from ingest.library import open_library
assistant = Assistant(open_library(settings()))
app = ui.app.create_app(assistant)
assistant.ask(Question("试用期被辞退有没有补偿", date(2026, 11, 20)))
seconds = time.perf_counter() - start
pages = int(open("/proc/self/statm").read().split()[1])
import resource
print(seconds, pages * resource.getpagesize() / 2**20, "torch" in sys.modules)
"""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latencies in milliseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured on this machine."""

    answer: Percentiles
    search: Percentiles
    first_answer_seconds: float
    """Start of the interpreter's imports to the first answer, page built too."""
    resident_mb: float
    torch_imported: bool
    faces: int
    machine: str


def measure(assistant: Assistant, cases: Sequence[Case]) -> Benchmark:
    """Time every case's whole answer and its search alone; start a fresh process for the rest."""
    answers, searches = [], []
    index = assistant.library.index
    for case in [*cases[:20], *list(cases) * ROUNDS]:
        started = time.perf_counter()
        index.search(case.question, within=Filter(case.on, case.region), k=20)
        searches.append(time.perf_counter() - started)
        started = time.perf_counter()
        assistant.ask(case.asked)
        answers.append(time.perf_counter() - started)
    warm = slice(20, None)
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_ANSWER], capture_output=True, text=True, check=True
    )
    seconds, resident, torch = done.stdout.split()[-3:]
    return Benchmark(
        answer=_percentiles(answers[warm]),
        search=_percentiles(searches[warm]),
        first_answer_seconds=float(seconds),
        resident_mb=float(resident),
        torch_imported=torch == "True",
        faces=index.faces,
        machine=f"{platform.machine()}, Python {platform.python_version()}",
    )


def _percentiles(seconds: Sequence[float]) -> Percentiles:
    p50, p95, p99 = (float(v) * 1000 for v in np.percentile(seconds, [50, 95, 99]))
    return Percentiles(p50, p95, p99)
