"""Claims from guides and provisions, chosen and ordered without a language model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from assistant.answer import Answer, Citation, Claim, Evidence, Part, Question
from corpus.errors import UnknownProvisionError
from corpus.hotline import hotline_for
from corpus.provision import Locator, Paragraph, Yielding, split_paragraphs
from corpus.reader import read_sentences
from ingest.index import Hit, Index
from ingest.store import Store, StoredPassage

CONCLUSION = "结论"
"""Heading of the section of a guide that answers first."""
WHOLE_SECTIONS = ("先别急着做", "怎么办", "留好这些证据")
"""Sections of a guide that are shown whole; of the others only what the question asks about."""
LENT_SECTIONS = ("先别急着做", "怎么办")
"""Sections that a guide lends to a provision it rests on."""
SPEAKS = 0.25
"""Relevance from which a line of another section is worth its place."""
MOST_LINES = 1
"""Lines taken from each other section."""
MOST_CONCLUSIONS = 3
MOST_DETAILS = 4
MOST_BESIDE_GUIDE = 2
"""Provisions told beside the conclusion of a guide."""
MOST_EVIDENCE = 20
CLAIM_LENGTH = 180
"""Characters above which a paragraph is cut to the sentences or items that were asked about."""
CONCLUDES = 0.9
"""Share of the best score that lets another provision join the conclusion."""
ADDS = 0.75
"""Share of the best score that lets a provision add a detail."""
GUIDES = 0.95
"""Share of the best score that lets a guide conclude."""
LENDS = 0.85
"""Share of the best score that lets a guide add its steps to a provision it rests on."""
OPENING = 0.05
"""Added to the relevance of an article's first paragraph, which holds its general rule."""
REMARKED = 3
"""Hits whose giving way is told to the reader."""
YIELDED = 0.6
"""Share of its score that a provision keeps where all of it gives way."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage to answer from, with the score it was found by."""

    passage: StoredPassage
    score: float


@dataclass(slots=True)
class _Draft:
    """Claims and citations as they are collected."""

    conclusion: list[Claim] = field(default_factory=list)
    details: list[Claim] = field(default_factory=list)
    """Conditions, exceptions and neighbouring rules."""
    parts: list[Part] = field(default_factory=list)
    """Other parts, from a guide."""
    citations: list[Citation] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def cite(self, citation: Citation) -> int:
        """Return the number of a citation, adding it where it is new."""
        for known in self.citations:
            if (known.passage, known.quote) == (citation.passage, citation.quote):
                return known.number
        numbered = replace(citation, number=len(self.citations) + 1)
        self.citations.append(numbered)
        return numbered.number

    def said(self, text: str) -> bool:
        """Whether a claim already says this."""
        return any(claim.text == text for claim in (*self.conclusion, *self.details))

    def all_parts(self) -> tuple[Part, ...]:
        """Return the details and the parts of the guide, without empty ones."""
        details = [Part("相关条文" if self.parts else "条件和例外", tuple(self.details))]
        return tuple(part for part in (*self.parts, *details) if part.claims)

    def remark(self, text: str) -> None:
        """Add a remark once."""
        if text not in self.remarks:
            self.remarks.append(text)


def write(question: Question, hits: Sequence[Hit], index: Index, store: Store) -> Answer:
    """Answer from the passages found: the best guide, or the provisions themselves.

    A guide that rests on the leading provision lends its steps even where it does not lead.
    """
    draft = _Draft()
    found = give_way(question, hits, index, store, draft)
    provisions = [f for f in found if f.passage.kind != "guide"]
    guide = next((f for f in found if f.passage.kind == "guide"), None)
    if guide and guide.score >= GUIDES * found[0].score:
        _from_guide(question, guide.passage, index, store, draft)
    if draft.conclusion:
        close = [f for f in provisions if f.score >= CONCLUDES * found[0].score]
        _add_details(question, close[:MOST_BESIDE_GUIDE], index, draft)
    else:
        _from_provisions(question, provisions, index, draft)
        if guide and guide.score >= LENDS * found[0].score and _rests_on(guide, provisions[0]):
            _from_guide(question, guide.passage, index, store, draft, concluding=False)
    return Answer(
        kind="answered",
        question=question,
        conclusion=tuple(draft.conclusion),
        parts=draft.all_parts(),
        citations=tuple(draft.citations),
        remarks=tuple(draft.remarks),
        hotline=hotline_line(question.text),
        retrieved=evidence(found, store, question.on),
    )


def give_way(
    question: Question,
    hits: Sequence[Hit],
    index: Index,
    store: Store,
    draft: _Draft | None = None,
) -> list[Found]:
    """Put in front of a provision that gives way the one that decides today (让位).

    Where only a part gives way, this is done where the question speaks to that part.
    """
    found: list[Found] = []
    for rank, hit in enumerate(hits):
        marks = [m for m in hit.passage.marks.yields if m.since is None or m.since <= question.on]
        asked = [m for m in marks if m.whole or _speaks_to(question, hit.passage, m, index)]
        for mark in asked:
            target = in_force(store, mark.target.provision, question.on)
            if target is None:
                continue
            if draft is not None and rank < REMARKED:
                draft.remark(_yield_remark(hit.passage, mark, target))
            if all(f.passage.id != target.id for f in found):
                found.append(Found(target, hit.score))
        if all(f.passage.id != hit.passage.id for f in found):
            found.append(Found(hit.passage, hit.score * (YIELDED if asked else 1.0)))
    return sorted(found, key=lambda f: -f.score)


def _speaks_to(question: Question, passage: StoredPassage, mark: Yielding, index: Index) -> bool:
    """Whether the part that gives way is the one the question is about."""
    paragraphs = split_paragraphs(passage.text.splitlines())
    number = best_paragraph(question, paragraphs, index)
    if mark.paragraph != number + 1 or mark.item is None:
        return mark.paragraph == number + 1
    items = list(paragraphs[number].items)
    scores = index.relevance(question.text, items)
    return mark.item == max(range(len(items)), key=lambda i: scores[i]) + 1


def best_paragraph(question: Question, paragraphs: Sequence[Paragraph], index: Index) -> int:
    """Return the position of the paragraph that speaks most to a question.

    An article opens with its general rule: a later paragraph must speak to the question more
    clearly to be preferred.
    """
    scores = index.relevance(question.text, [str(paragraph) for paragraph in paragraphs])
    return max(range(len(paragraphs)), key=lambda i: scores[i] + (OPENING if i == 0 else 0))


def in_force(store: Store, provision: str, on: date) -> StoredPassage | None:
    """Return the version of an article that was law on a day, None where none is held."""
    for passage in store.passages_of_provision(provision):
        document = passage.document
        starts = document.valid_from or date.min
        ends = document.valid_until or date.max
        if passage.kind == "provision" and starts <= on < ends:
            return passage
    return None


def evidence(found: Sequence[Found], store: Store, on: date) -> tuple[Evidence, ...]:
    """List the provisions found in their rank; a guide stands for those it rests on.

    Of these, the ones that were found themselves take the guide's place, the others come last.
    """
    direct = {item.passage.provision for item in found}
    ranked: dict[str, Evidence] = {}
    last: dict[str, Evidence] = {}
    for item in found:
        passage = item.passage
        passages = [passage]
        if passage.kind == "guide":
            ids = dict.fromkeys(Locator.parse(text).provision for text in passage.rests_on)
            passages = [p for name in ids if (p := in_force(store, name, on)) is not None]
        for one in passages:
            name = one.provision or one.id
            place = ranked if passage is one or one.provision in direct else last
            place.setdefault(name, Evidence(name, one.document.short, article_key(one)))
    return tuple((ranked | {n: e for n, e in last.items() if n not in ranked}).values())[
        :MOST_EVIDENCE
    ]


def article_key(passage: StoredPassage) -> str | None:
    """Return `19` or `14-1`; None where the passage is no article."""
    if passage.provision is None:
        return None
    key = passage.provision.partition("/")[2]
    return key if key[0].isdecimal() else None


def hotline_line(text: str) -> str:
    """Say which number a person answers."""
    line = hotline_for(text)
    return f"想找人问：{line.number}（{line.name}；号码未与官方文本核对）"


def _yield_remark(old: StoredPassage, mark: Yielding, target: StoredPassage) -> str:
    place = Locator(
        old.document.id, (old.provision or "/").partition("/")[2], mark.paragraph, mark.item
    )
    part = place.label if mark.paragraph else old.label or f"“{old.title}”"
    return (
        f"《{old.document.short}》{part}不再单独适用，以《{target.document.short}》"
        f"{target.label}为准：{mark.why}"
    )


def _rests_on(guide: Found, leading: Found) -> bool:
    return leading.passage.provision in {
        Locator.parse(text).provision for text in guide.passage.rests_on
    }


def _from_guide(
    question: Question,
    guide: StoredPassage,
    index: Index,
    store: Store,
    draft: _Draft,
    *,
    concluding: bool = True,
) -> None:
    """Take a guide: its conclusion, its steps, and of the rest what the question asks about."""
    for section in guide.text.split("## ")[1:]:
        heading, _, body = section.partition("\n")
        lines = [line.removeprefix("- ") for line in body.splitlines() if line[:1] != "{"]
        if heading == CONCLUSION:
            if concluding:
                claims = [c for line in lines for c in _guide_claims(question, line, store, draft)]
                draft.conclusion += [c for c in claims if c.citations][:MOST_CONCLUSIONS]
                ids = [citation.passage for citation in draft.citations]
                for passage in store.passages_by_id(ids):
                    _remark_on(question, passage, draft)
            continue
        if not concluding and heading not in LENT_SECTIONS:
            continue
        if heading not in WHOLE_SECTIONS:
            lines = _asked_about(question, lines, index)
        claims = [c for line in lines for c in _guide_claims(question, line, store, draft)]
        draft.parts.append(Part(heading, tuple(claims)))


def _asked_about(question: Question, lines: Sequence[str], index: Index) -> list[str]:
    """Return the lines of a section that speak most to the question, in their order."""
    plain = ["".join(sentence.text for sentence in read_sentences(line)) for line in lines]
    scores = index.relevance(question.text, plain)
    speaking = [i for i in range(len(lines)) if scores[i] >= SPEAKS]
    best = sorted(speaking, key=lambda i: -scores[i])[:MOST_LINES]
    return [lines[i] for i in sorted(best)]


def _guide_claims(question: Question, line: str, store: Store, draft: _Draft) -> Iterator[Claim]:
    """Yield a line's sentences; one whose provisions are not in force on the day is left out."""
    for sentence in read_sentences(line):
        numbers = []
        for locator in sentence.citations:
            passage = in_force(store, locator.provision, question.on)
            quote = passage and quote_at(passage, locator)
            if passage and quote:
                citation = _citation(passage, quote, locator.paragraph, locator.item)
                numbers.append(draft.cite(citation))
        if numbers or not sentence.citations:
            yield Claim(sentence.text, tuple(dict.fromkeys(numbers)))


def quote_at(passage: StoredPassage, locator: Locator) -> str | None:
    """Return the words of a passage that a locator points to."""
    if locator.paragraph is None:
        return passage.text
    paragraphs = split_paragraphs(passage.text.splitlines())
    if locator.paragraph > len(paragraphs):
        return None
    paragraph = paragraphs[locator.paragraph - 1]
    if locator.item is None:
        return str(paragraph)
    return paragraph.items[locator.item - 1] if locator.item <= len(paragraph.items) else None


def _from_provisions(
    question: Question, found: Sequence[Found], index: Index, draft: _Draft
) -> None:
    """Conclude from the best provisions, each by the paragraph that was asked about."""
    if not found:
        raise UnknownProvisionError("没有找到可以引用的条文")
    best = found[0].score
    leading = [f for f in found if f.score >= CONCLUDES * best][:MOST_CONCLUSIONS]
    for item in leading:
        draft.conclusion.append(_best_claim(question, item.passage, index, draft))
        _remark_on(question, item.passage, draft)
    for claim in _other_paragraphs(question, leading[0].passage, index, draft):
        draft.details.append(claim)
    rest = [f for f in found[len(leading) :] if f.score >= ADDS * best]
    _add_details(question, rest, index, draft)


def _add_details(question: Question, found: Sequence[Found], index: Index, draft: _Draft) -> None:
    for item in found:
        if len(draft.details) >= MOST_DETAILS:
            break
        claim = _best_claim(question, item.passage, index, draft)
        if not draft.said(claim.text):
            draft.details.append(claim)


def _best_claim(question: Question, passage: StoredPassage, index: Index, draft: _Draft) -> Claim:
    """Make a claim of the paragraph of a passage that speaks most to the question."""
    paragraphs = split_paragraphs(passage.text.splitlines())
    number = best_paragraph(question, paragraphs, index)
    return _paragraph_claim(question, passage, paragraphs, number, index, draft)


def _other_paragraphs(
    question: Question, passage: StoredPassage, index: Index, draft: _Draft
) -> Iterator[Claim]:
    """Yield the remaining paragraphs of the leading article: its conditions and exceptions."""
    paragraphs = split_paragraphs(passage.text.splitlines())
    for number in range(len(paragraphs)):
        if len(draft.details) >= MOST_DETAILS:
            return
        claim = _paragraph_claim(question, passage, paragraphs, number, index, draft)
        if not draft.said(claim.text):
            yield claim


def _paragraph_claim(
    question: Question,
    passage: StoredPassage,
    paragraphs: Sequence[Paragraph],
    number: int,
    index: Index,
    draft: _Draft,
) -> Claim:
    paragraph = paragraphs[number]
    place = number + 1 if len(paragraphs) > 1 else None
    whole = str(paragraph)
    if len(whole) <= CLAIM_LENGTH or not passage.provision:
        text, quote, item = whole, whole, None
    elif paragraph.items:
        scores = index.relevance(question.text, list(paragraph.items))
        best = max(range(len(scores)), key=lambda i: scores[i])
        text, quote = f"{paragraph.text}\n{paragraph.items[best]}", paragraph.items[best]
        item = best + 1
    else:
        text = quote = _window(question, paragraph.text, index)
        item = None
    locator_paragraph = number + 1 if item else place
    cited = draft.cite(_citation(passage, quote, locator_paragraph, item))
    return Claim(_one_line(text), (cited,))


def _window(question: Question, text: str, index: Index) -> str:
    """Return the run of sentences within the length of a claim that speaks most to the question."""
    sentences = [s for s in re.split(r"(?<=[。；！？])", text) if s]
    runs = []
    for start in range(len(sentences)):
        end = start + 1
        while end < len(sentences) and len("".join(sentences[start : end + 1])) <= CLAIM_LENGTH:
            end += 1
        runs.append("".join(sentences[start:end]))
    scores = index.relevance(question.text, runs)
    return runs[max(range(len(runs)), key=lambda i: scores[i])]


def _one_line(text: str) -> str:
    """Join a paragraph and its items so that they read as one sentence."""
    lines = text.splitlines()
    return lines[0] + "".join(lines[1:]) if len(lines) > 1 else text


def _remark_on(question: Question, passage: StoredPassage, draft: _Draft) -> None:
    """Say what a reader must know before relying on a passage."""
    name = f"《{passage.document.short}》{passage.label}"
    version = passage.document.version
    if version and question.on < version:
        draft.remark(
            f"《{passage.document.short}》在 {question.on} 已经施行，但后来修改过；知识库里只有 "
            f"{version} 起的文本，当时的条文可能不同，请查当年的版本。"
        )
    for regional in passage.marks.regional:
        draft.remark(f"{name}：各地标准不同。{regional}")
    if passage.marks.practices:
        draft.remark(f"{name}：{'；'.join(p.rstrip('。') for p in passage.marks.practices)}。")
    if passage.document.checked is None:
        draft.remark(f"{name}：未与官方原文核对，请以官方文本为准。")


def _citation(
    passage: StoredPassage, quote: str, paragraph: int | None, item: int | None
) -> Citation:
    document = passage.document
    article = article_key(passage)
    label = passage.label
    if article and paragraph:
        label = Locator("x", article, paragraph, item).label if label.startswith("第") else label
    return Citation(
        number=0,
        passage=passage.id,
        provision=passage.provision or passage.id,
        law=document.short,
        article=article,
        label=label,
        heading=passage.title,
        quote=quote,
        wording="restated" if document.origin == "corpus" else "official",
        kind=document.kind,
        level=document.level,
        valid_from=document.version or document.valid_from,
        valid_until=document.valid_until,
        checked=document.checked,
        href=document.href,
        note=document.note or "",
        text=passage.text,
    )
