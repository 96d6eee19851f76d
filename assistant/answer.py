"""Questions, answers, claims and citations: what every part of the assistant passes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

AnswerKind = Literal[
    "answered", "needs_fact", "practice_differs", "not_in_corpus", "out_of_field", "must_not_help"
]
REFUSALS: frozenset[AnswerKind] = frozenset({"not_in_corpus", "out_of_field", "must_not_help"})
"""Kinds of answer that decline to answer."""

Wording = Literal["restated", "official"]

NOTICE = "以上是一般性的法律信息，不是法律意见；具体案件请咨询当地工会、人社部门或律师。"
RESTATED = "通俗解读"
"""Label of every text of ours that restates the law; never passed off as the official wording."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and for which day and place."""

    text: str
    on: date
    region: str | None = None
    history: tuple[str, ...] = ()
    """Earlier questions of the same conversation, oldest first."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in the law with the words that carry a claim."""

    number: int
    """As shown: [1]."""
    passage: str
    """Id of the stored passage: `labor-contract-law@2013-07-01/19`."""
    provision: str
    """`labor-contract-law/19`, or the passage id where it is no article."""
    law: str
    """Short name of the instrument, or title of the document."""
    article: str | None
    """`19`, `14-1`; None where the passage is no article."""
    label: str
    """As a reader cites it: 第十九条第二款."""
    heading: str
    quote: str
    """Words that stand in the passage exactly."""
    wording: Wording
    kind: str
    level: int
    valid_from: date | None
    valid_until: date | None
    checked: date | None
    """None: the text was never held against an official one, and the answer says so."""
    href: str
    note: str
    """What a reader must know of the document."""
    text: str
    """The whole passage, for the card."""

    @property
    def place(self) -> str:
        """Where the words stand: 《劳动合同法》第十九条; an unnumbered part by its heading."""
        return f"《{self.law}》{self.label if self.article else f'“{self.heading}”'}"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer with the numbers of its citations."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A headed part of an answer after its conclusion.

    A line that states law has citations; one that is mere advice, taken from a reviewed guide,
    has none.
    """

    heading: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A provision the search found, in its rank."""

    id: str
    law: str
    article: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The same object for command line, page, interface for programs and evaluation."""

    kind: AnswerKind
    question: Question
    conclusion: tuple[Claim, ...] = ()
    """At most three claims that answer first."""
    parts: tuple[Part, ...] = ()
    """Conditions and exceptions, how to calculate, what to do, what to keep."""
    citations: tuple[Citation, ...] = ()
    remarks: tuple[str, ...] = ()
    """What a reader must know before relying on it: region, practice, unchecked texts."""
    message: str = ""
    """What is said instead where nothing is claimed."""
    hotline: str = ""
    retrieved: tuple[Evidence, ...] = ()
    related: tuple[str, ...] = field(default=())
    """Questions the reader may ask next."""

    @property
    def refused(self) -> bool:
        """Whether the assistant declined to answer."""
        return self.kind in REFUSALS

    def citation(self, number: int) -> Citation:
        """Return the citation shown as [number]."""
        return self.citations[number - 1]

    @property
    def text(self) -> str:
        """The whole answer as a reader sees it, in plain text."""
        parts = [self.message] if self.message else []
        if self.conclusion:
            parts.append("结论\n" + "\n".join(map(marked, self.conclusion)))
        for part in self.parts:
            lines = "\n".join(f"- {marked(claim)}" for claim in part.claims)
            parts.append(f"{part.heading}\n{lines}")
        if self.citations:
            parts.append("依据\n" + "\n".join(map(source_line, self.citations)))
        if self.remarks:
            parts.append("请注意\n" + "\n".join(f"- {remark}" for remark in self.remarks))
        if self.hotline:
            parts.append(self.hotline)
        parts.append(NOTICE)
        return "\n\n".join(parts)


def marked(claim: Claim) -> str:
    """Return the claim followed by its citation numbers."""
    return claim.text + "".join(f"[{number}]" for number in claim.citations)


def source_line(citation: Citation) -> str:
    """Return one line that names a source, its dates and what kind of wording it is."""
    when = []
    if citation.valid_from:
        when.append(f"{citation.valid_from} 起施行")
    if citation.valid_until:
        when.append(f"{citation.valid_until} 起不再有效")
    if citation.wording == "restated":
        when.append(RESTATED)
    if citation.checked is None:
        when.append("未与官方原文核对")
    return f"[{citation.number}] {citation.place}（{'，'.join(when)}）"
