"""The interface for programs: the same answers as the page, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from assistant.answer import Question
from assistant.ask import LONGEST_QUESTION, Assistant
from assistant.schema import answer_json
from assistant.settings import settings
from corpus.errors import QuestionError


class AskRequest(BaseModel):
    """A question to the assistant."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    on: date | None = None
    """Day whose law answers; today where none is given."""
    region: str | None = None
    history: list[str] = []
    """Earlier questions of the same conversation, oldest first."""


def create_api(assistant: Assistant) -> FastAPI:
    """Return the application with its routes; the page is mounted on it afterwards."""
    api = FastAPI(title="问法 Wenfa", docs_url=None, redoc_url=None)

    @api.get("/api/health")
    def health() -> dict[str, Any]:
        """Say that the service answers, and from how much."""
        return {"status": "ok", **assistant.library.store.counts()}

    @api.post("/api/ask")
    def ask(request: AskRequest) -> dict[str, Any]:
        """Answer one question."""
        question = Question(
            request.question,
            request.on or date.today(),
            request.region or settings().region,
            tuple(request.history),
        )
        try:
            return answer_json(assistant.ask(question))
        except QuestionError as error:
            raise HTTPException(422, str(error)) from error

    return api
