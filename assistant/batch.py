"""Answer a file of questions line by line; a bad line is reported and the rest still runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.answer import Question
from assistant.ask import Assistant
from assistant.schema import batch_line
from corpus.errors import QuestionError, WenfaError


class BatchLine(BaseModel):
    """One line of the input; unknown keys are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Any
    question: str
    on: date | None = None
    region: str | None = None
    history: list[str] = []


def run_batch(
    assistant: Assistant, source: Path, out: Path, *, on: date, region: str | None = None
) -> list[str]:
    """Answer every line of `source` into `out`; returns a message for each line that failed."""
    faults = []
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
        with out.open("w", encoding="utf-8") as file:
            for number, line, fault in _lines(lines):
                if line is not None:
                    try:
                        written = _answer(assistant, line, on, region)
                        file.write(json.dumps(written, ensure_ascii=False) + "\n")
                        continue
                    except QuestionError as error:
                        fault = str(error)
                faults.append(f"第 {number} 行：{fault}")
    except (OSError, UnicodeDecodeError) as error:
        raise WenfaError(f"不能读写文件：{error}；输入应是 UTF-8 的 JSONL") from error
    return faults


def _lines(lines: list[str]) -> Iterator[tuple[int, BatchLine | None, str]]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            yield number, BatchLine.model_validate_json(text), ""
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            yield number, None, f'应为 {{"id", "question"}} 的 JSON，{where} {first["msg"]}'


def _answer(assistant: Assistant, line: BatchLine, on: date, region: str | None) -> dict[str, Any]:
    question = Question(line.question, line.on or on, line.region or region, tuple(line.history))
    started = time.perf_counter()
    answer = assistant.ask(question)
    return batch_line(line.id, answer, time.perf_counter() - started)
