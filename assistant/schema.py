"""Answers as JSON: whole for programs, and one line for the batch contract."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from assistant.answer import Answer, Citation, Evidence

_ANSWER = TypeAdapter(Answer)


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return everything an answer holds, with the text a reader sees."""
    content: dict[str, Any] = _ANSWER.dump_python(answer, mode="json")
    return {**content, "refused": answer.refused, "text": answer.text}


def batch_line(name: object, answer: Answer, seconds: float) -> dict[str, Any]:
    """Return one line of `assistant batch`; this format is a contract and does not change."""
    return {
        "id": name,
        "kind": answer.kind,
        "refused": answer.refused,
        "answer": answer.text,
        "on": answer.question.on.isoformat(),
        "citations": [_citation(citation) for citation in answer.citations],
        "retrieved": [_evidence(evidence) for evidence in answer.retrieved],
        "seconds": round(seconds, 4),
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "id": citation.provision,
        "law": citation.law,
        "article": _article(citation.article),
        "wording": citation.wording,
        "quote": citation.quote,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {**asdict(evidence), "article": _article(evidence.article)}


def _article(key: str | None) -> int | str | None:
    """Return 19 as a number and 14-1 as text."""
    return int(key) if key and key.isdecimal() else key
