"""Which telephone number answers which matter."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from corpus.yamlfile import read_yaml


class Hotline(BaseModel):
    """A public telephone number and the words that point to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    name: str
    words: tuple[str, ...]
    """Words of a question it is right for; the last hotline has none and takes the rest."""


@cache
def hotlines(path: Path = Path(__file__).parent / "hotlines.yaml") -> tuple[Hotline, ...]:
    """Read the hotlines in their order."""
    return tuple(Hotline.model_validate(entry) for entry in read_yaml(path))


def hotline_for(text: str) -> Hotline:
    """Return the hotline that is right for a matter.

    >>> hotline_for("公积金公司没交").number, hotline_for("拖欠工资").number
    ('12329', '12333')
    """
    known = hotlines()
    return next((line for line in known if any(w in text for w in line.words)), known[-1])
