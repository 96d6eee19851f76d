"""Documents, passages and faces: what is stored and searched; and how the corpus becomes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from corpus.provision import Article, Guide, Marks, Provision
from corpus.reader import Corpus

FaceKind = Literal["title", "text", "terms", "question", "whole"]
"""`whole` is all faces of a passage as one: it says what the passage as a whole is about."""
PassageKind = Literal["provision", "guide", "article", "page"]
GUIDE_LEVEL = 1
"""Guides speak for the provisions they cite, of whatever authority."""
FILE_LEVEL = 5
"""Articles and imported files have no authority: below every instrument."""


@dataclass(frozen=True, slots=True)
class Face:
    """One text by which a passage can be found; a hit on any face finds the passage."""

    kind: FaceKind
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: an article of law, a section of a guide, a page of a document."""

    id: str
    """Unique: `labor-contract-law@2013-07-01/19`, `guide:<slug>`, `<document>/p3`."""
    kind: PassageKind
    label: str
    """Where it stands, as a reader would say: 第十九条, 第 3 页, 结论."""
    title: str
    text: str
    provision: str | None = None
    """Id of the article it is, the same in every version."""
    page: int | None = None
    marks: Marks = field(default_factory=Marks)
    rests_on: tuple[str, ...] = ()
    """For a guide: locators of the provisions that its conclusion cites."""
    faces: tuple[Face, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Anything ingested, bundled or imported, with its provenance."""

    id: str
    title: str
    short: str
    kind: str
    """Kind of instrument, or `guide`, `article`, `file`."""
    region: str
    level: int
    valid_from: date | None
    """First day the document answers for."""
    valid_until: date | None
    digest: str
    """Of everything that is stored of it: unchanged documents are not written again."""
    origin: Literal["corpus", "user"]
    passages: tuple[Passage, ...]
    issuer: str = ""
    number: str | None = None
    source: str = ""
    href: str = ""
    version: date | None = None
    """Day this text came into force, later than `valid_from` where no older text is held."""
    checked: date | None = None
    note: str | None = None


def corpus_documents(corpus: Corpus) -> Iterator[Document]:
    """Turn the bundled corpus into documents: one for each version, guide and article."""
    versions: dict[str, list[Provision]] = {}
    for provision in corpus.provisions:
        versions.setdefault(provision.key.partition("/")[0], []).append(provision)
    for key, provisions in versions.items():
        yield _instrument(key, provisions)
    for guide in corpus.guides:
        yield _guide(guide)
    for article in corpus.articles:
        yield _article(article)


def with_whole(faces: Sequence[Face]) -> tuple[Face, ...]:
    """Add the face that holds all others."""
    return (*faces, Face("whole", "\n".join(face.text for face in faces)))


def digest_of(*parts: object) -> str:
    """Return a short digest of anything that has a stable text form."""
    text = json.dumps(parts, ensure_ascii=False, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _instrument(key: str, provisions: list[Provision]) -> Document:
    one = provisions[0].instrument
    passages = tuple(_provision_passage(provision) for provision in provisions)
    return Document(
        id=key,
        title=one.title,
        short=one.short,
        kind=one.kind,
        issuer=one.issuer,
        number=one.number,
        region=one.region,
        level=one.level,
        valid_from=one.valid_from,
        version=one.version,
        valid_until=one.valid_until,
        source=one.source.name,
        href=one.source.href,
        checked=one.checked,
        note=one.note,
        digest=digest_of(one.model_dump(mode="json"), [repr(passage) for passage in passages]),
        origin="corpus",
        passages=passages,
    )


def _provision_passage(provision: Provision) -> Passage:
    name = f"{provision.instrument.short}{provision.label}"
    faces = [Face("title", f"{name} {provision.title}"), Face("text", provision.text)]
    if provision.terms:
        faces.append(Face("terms", f"{provision.title} {' '.join(provision.terms)}"))
    faces += [Face("question", question) for question in provision.questions]
    return Passage(
        id=provision.key,
        kind="provision",
        label=provision.label,
        title=provision.title,
        text=provision.text,
        provision=provision.id,
        marks=provision.marks,
        faces=with_whole(faces),
    )


def _guide(guide: Guide) -> Document:
    lines: list[str] = []
    for section in guide.sections:
        lines.append(f"## {section.heading}")
        lines += ["".join(map(str, sentences)) for sentences in section.lines]
        lines += [f"{{calc: {section.calculator}}}"] if section.calculator else []
    passage = Passage(
        id=f"guide:{guide.slug}",
        kind="guide",
        label="办事指南",
        title=guide.title,
        text="\n".join(lines),  # with its [citations], so that an answer can be made from it
        rests_on=tuple(map(str, guide.citations)),
        faces=with_whole(
            (
                Face("title", f"{guide.title} {' '.join(guide.topics)}"),
                Face("text", "".join(s.text for line in guide.conclusion.lines for s in line)),
                *(Face("question", question) for question in guide.questions),
            )
        ),
    )
    return Document(
        id=passage.id,
        title=guide.title,
        short=guide.title,
        kind="guide",
        region="CN",
        level=GUIDE_LEVEL,
        valid_from=None,
        valid_until=None,
        checked=guide.checked,
        digest=digest_of(repr(passage), guide.checked),
        origin="corpus",
        passages=(passage,),
    )


def _article(article: Article) -> Document:
    passages = tuple(
        Passage(
            id=f"article:{article.slug}/{number}",
            kind="article",
            label=heading,
            title=article.title,
            text=text,
            faces=with_whole(
                (
                    Face("title", f"{article.title} {heading}"),
                    Face("text", text),
                    *(Face("question", q) for q in (article.questions if number == 1 else ())),
                )
            ),
        )
        for number, (heading, text) in enumerate(article.sections, 1)
    )
    return Document(
        id=f"article:{article.slug}",
        title=article.title,
        short=article.title,
        kind="article",
        region="CN",
        level=FILE_LEVEL,
        valid_from=None,
        valid_until=None,
        source=article.source,
        checked=article.checked,
        digest=digest_of([repr(passage) for passage in passages], article.source),
        origin="corpus",
        passages=passages,
    )
