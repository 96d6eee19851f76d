"""Instruments, provisions and guides: what the corpus is made of. Knows nothing about files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from corpus.numerals import NUMERALS, to_chinese, to_int

Kind = Literal["law", "regulation", "rule", "interpretation", "union", "local"]

LEVELS: dict[str, int] = {
    "law": 1,
    "regulation": 2,
    "interpretation": 2,
    "rule": 3,
    "local": 4,
    "union": 4,
}
"""Authority: 1 is highest (立法法, arts. 98-102); it breaks ties, never more."""

_ITEM = re.compile(rf"^[（(]([{NUMERALS}]+)[）)]")
_LOCATOR = re.compile(
    r"(?P<slug>[a-z0-9-]+)/(?P<article>\d+(?:-\d+)?|[a-z][a-z-]*)"
    r"(?:\.(?P<paragraph>\d+)(?:\.(?P<item>\d+))?)?"
)


class Source(BaseModel):
    """Where the official wording stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    href: str


class Instrument(BaseModel):
    """One version of one law, regulation, rule, interpretation or union document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: str
    version: date
    """Day this version came into force."""
    title: str
    short: str
    """Common name, the same for all versions."""
    kind: Kind
    issuer: str
    number: str | None
    region: str
    """`CN`, or the province or city the instrument is confined to."""
    first_in_force: date
    adopted: date | None
    amended: tuple[date, ...]
    """Days on which amendments were adopted, oldest first."""
    repealed: date | None
    """Day this version ceased to be in force without or before a newer one."""
    source: Source
    checked: date | None
    """Day the restatement was held against the official text; None where none was at hand."""
    official: str | None = None
    note: str | None = None
    excerpt: bool = False
    """True where only selected articles are held."""
    earliest_held: bool = False
    """Whether no older version is held: it then stands in for the days before its own start."""
    valid_until: date | None = None
    """First day this version is no longer in force: its repeal or the next version's start."""

    @property
    def level(self) -> int:
        """Authority, 1 the highest."""
        return LEVELS[self.kind]

    @property
    def valid_from(self) -> date:
        """First day it answers for: its own start, or for the earliest held that of the first."""
        return min(self.first_in_force, self.version) if self.earliest_held else self.version

    def in_force(self, on: date) -> bool:
        """Whether this version answers for that day."""
        return self.valid_from <= on and (self.valid_until is None or on < self.valid_until)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One 款 with its 项; a 目 stays within the text of its item."""

    text: str
    items: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join((self.text, *self.items))


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in an instrument: article, and in it a paragraph (款) and an item (项).

    >>> str(Locator.parse("labor-contract-law/38.1.3"))
    'labor-contract-law/38.1.3'
    >>> Locator.parse("criminal-law/276-1").label
    '第二百七十六条之一'
    """

    slug: str
    article: str
    paragraph: int | None = None
    item: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `slug/article[.paragraph[.item]]`; ValueError where it is no such thing."""
        match = _LOCATOR.fullmatch(text.strip())
        if not match:
            raise ValueError(f"{text!r} is not of the form slug/article.paragraph.item")
        paragraph, item = match["paragraph"], match["item"]
        return cls(
            match["slug"],
            match["article"],
            int(paragraph) if paragraph else None,
            int(item) if item else None,
        )

    def __str__(self) -> str:
        parts = [f"{self.slug}/{self.article}"]
        parts += [str(part) for part in (self.paragraph, self.item) if part is not None]
        return ".".join(parts)

    @property
    def provision(self) -> str:
        """The id of the article, without paragraph and item."""
        return f"{self.slug}/{self.article}"

    @property
    def label(self) -> str:
        """第三十八条第一款第三项, as a lawyer would cite it."""
        text = article_label(self.article)
        if self.paragraph is not None:
            text += f"第{to_chinese(self.paragraph)}款"
        if self.item is not None:
            text += f"第{to_chinese(self.item)}项"
        return text


def article_label(article: str) -> str:
    """Write an article key as it is cited.

    >>> article_label("19"), article_label("14-1"), article_label("welfare")
    ('第十九条', '第十四条之一', '')
    """
    main, _, sub = article.partition("-")
    if not main.isdecimal():
        return ""
    return f"第{to_chinese(int(main))}条" + (f"之{to_chinese(int(sub))}" if sub else "")


@dataclass(frozen=True, slots=True)
class Yielding:
    """A mark that a provision, or a part of it, gives way to another one (让位)."""

    target: Locator
    why: str
    since: date | None = None
    """First day on which the target decides; None where it always did."""
    paragraph: int | None = None
    item: int | None = None

    @property
    def whole(self) -> bool:
        """Whether all of the provision gives way."""
        return self.paragraph is None


@dataclass(frozen=True, slots=True)
class Marks:
    """What a reader must know before relying on a text."""

    yields: tuple[Yielding, ...] = ()
    regional: tuple[str, ...] = ()
    """地区: what a province or city decides."""
    practices: tuple[str, ...] = ()
    """口径: where practice differs; the first says so, the rest are the usual practices."""


@dataclass(frozen=True, slots=True)
class Provision:
    """One article of one version of an instrument, restated in plain words."""

    instrument: Instrument
    article: str
    """Number as in ids: `19`, `14-1`; or the slug of an unnumbered section."""
    label: str
    """As the document itself counts: 第十九条, 一、, （三）."""
    title: str
    chapter: str
    paragraphs: tuple[Paragraph, ...]
    questions: tuple[str, ...]
    terms: tuple[str, ...] = ()
    marks: Marks = field(default_factory=Marks)

    @property
    def id(self) -> str:
        """The same in every version: `labor-contract-law/19`."""
        return f"{self.instrument.slug}/{self.article}"

    @property
    def key(self) -> str:
        """Unique to the version: `labor-contract-law@2013-07-01/19`."""
        return f"{self.instrument.slug}@{self.instrument.version}/{self.article}"

    @property
    def text(self) -> str:
        """The restatement: a line for each 款 and each 项."""
        return "\n".join(map(str, self.paragraphs))

    def at(self, locator: Locator) -> str | None:
        """Return the text a locator points to, None where the article has no such part."""
        if locator.paragraph is None:
            return self.text
        if not 0 < locator.paragraph <= len(self.paragraphs):
            return None
        paragraph = self.paragraphs[locator.paragraph - 1]
        if locator.item is None:
            return str(paragraph)
        if not 0 < locator.item <= len(paragraph.items):
            return None
        return paragraph.items[locator.item - 1]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a guide with the places in the law it rests on."""

    text: str
    citations: tuple[Locator, ...]

    def __str__(self) -> str:
        return self.text + "".join(f"[{citation}]" for citation in self.citations)


@dataclass(frozen=True, slots=True)
class Section:
    """One headed part of a guide, such as 结论, 怎么算 or 怎么办."""

    heading: str
    lines: tuple[tuple[Sentence, ...], ...]
    """Paragraphs or list items, each a run of sentences; a list item's text starts with `- `."""
    calculator: str | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """A reviewed answer to one everyday problem, its sentences citing provisions."""

    slug: str
    title: str
    audience: Literal["worker", "cadre"]
    topics: tuple[str, ...]
    checked: date | None
    sections: tuple[Section, ...]
    questions: tuple[str, ...]

    @property
    def conclusion(self) -> Section:
        """The section that answers first."""
        return self.sections[0]

    @property
    def citations(self) -> tuple[Locator, ...]:
        """Every place the conclusion rests on, in its order, each once."""
        found = (c for line in self.conclusion.lines for s in line for c in s.citations)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Article:
    """A practice note of union work: free sections, with its source named."""

    slug: str
    title: str
    source: str
    checked: date | None
    sections: tuple[tuple[str, str], ...]
    """Heading and text of each section."""
    questions: tuple[str, ...] = ()


def split_paragraphs(lines: Sequence[str]) -> tuple[Paragraph, ...]:
    """Cut the lines of an article into 款 and 项.

    A line that starts with （一） is an item of the paragraph above it; one that starts with
    `1.` belongs to the item above it; any other line is a paragraph of its own.
    """
    paragraphs: list[Paragraph] = []
    for line in filter(None, map(str.strip, lines)):
        if _ITEM.match(line) and paragraphs:
            last = paragraphs[-1]
            paragraphs[-1] = Paragraph(last.text, (*last.items, line))
        elif re.match(r"\d+[.．、]", line) and paragraphs:
            last = paragraphs[-1]
            if last.items:
                items = (*last.items[:-1], f"{last.items[-1]}\n{line}")
                paragraphs[-1] = Paragraph(last.text, items)
            else:
                paragraphs[-1] = Paragraph(f"{last.text}\n{line}")
        else:
            paragraphs.append(Paragraph(line))
    return tuple(paragraphs)


def item_number(line: str) -> int | None:
    """Return the number of the 项 a line opens with, None where it opens with none."""
    match = _ITEM.match(line)
    return to_int(match.group(1)) if match else None
