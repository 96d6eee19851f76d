"""Every error this project raises on purpose; each message says what to do.

WenfaError
├── CorpusError
│   ├── FormatError             a corpus file does not follow the format
│   ├── UnknownProvisionError   no such article, or none in force on that day
│   └── UnknownParameterError   no such figure, or none in force on that day
├── IngestError                 a document or the index cannot be read, written or trusted
└── QuestionError               a question that cannot be taken as it stands
"""

from __future__ import annotations

from pathlib import Path


class WenfaError(Exception):
    """Base of every error raised on purpose."""


class CorpusError(WenfaError):
    """Something is wrong in the corpus or was asked of it in vain."""


class FormatError(CorpusError):
    """A corpus file does not follow the format; names the file and the line."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")


class UnknownProvisionError(CorpusError):
    """No provision has this id, or none is in force on the day asked for."""


class UnknownParameterError(CorpusError):
    """No parameter has this name, or it has no value on the day asked for."""


class IngestError(WenfaError):
    """A document or the index cannot be read, written or trusted."""


class QuestionError(WenfaError):
    """A question that cannot be taken as it stands."""
