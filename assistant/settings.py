"""Settings of the assistant, from `WENFA_*` environment variables."""

from __future__ import annotations

from functools import cache

from ingest.settings import IngestSettings


class Settings(IngestSettings):
    """What answering needs to know of its surroundings."""

    region: str | None = None
    """Province or city asked about when the question names none."""


@cache
def settings() -> Settings:
    """Read the environment once."""
    return Settings()
