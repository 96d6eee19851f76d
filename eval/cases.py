"""Evaluation cases: read from `cases/*.yaml`, split into tune and test."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.answer import AnswerKind, Question
from assistant.intent import INTENTS, Intent
from corpus.errors import FormatError, WenfaError
from corpus.provision import Locator
from corpus.reader import Corpus
from corpus.yamlfile import read_yaml
from ingest.segment import terms

ROOT = Path(__file__).parent / "cases"
TODAY = date(2026, 11, 20)
"""Day on which cases without a day of their own are asked: results do not change with the clock."""
OVERLAP = 0.5
"""Bigram Jaccard from which a case repeats a typical question and is thrown out."""

Group = Literal[
    "worker",
    "cadre",
    "calculation",
    "dated",
    "place",
    "premise",
    "unanswerable",
    "variant",
    "conflict",
    "mistake",
]
Style = Literal["typo", "spoken", "long", "multi", "english", "traditional", "dialogue"]
Split = Literal["tune", "test"]


class Case(BaseModel):
    """One question with what a right answer rests on, says and does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    group: Group
    topic: str
    question: str
    on: date = TODAY
    region: str | None = None
    history: tuple[str, ...] = ()
    family: str | None = None
    """Case this one is a variant of: both fall into the same split."""
    kind: AnswerKind
    necessary: tuple[str, ...] = ()
    """Provisions a right answer rests on; `a | b` where either does; a bare slug is any article."""
    acceptable: tuple[str, ...] = ()
    """Provisions that neither help nor hurt."""
    never_first: tuple[str, ...] = ()
    """Provisions that give way: cited first, the answer is wrong."""
    facts: tuple[tuple[str, ...], ...] = ()
    """What the answer says, each with alternative wordings."""
    forbidden: tuple[str, ...] = ()
    """Wordings that would make the answer wrong."""
    style: Style | None = None
    """How a variant is written."""
    mistake: int | None = None
    """Number of the dangerous mistake the case tempts into."""
    source: str
    confirmed: bool = False
    """Whether a second reader confirmed it."""

    @property
    def split(self) -> Split:
        """A third of the families is for tuning, fixed by their name."""
        digest = hashlib.sha256((self.family or self.id).encode()).digest()
        return "tune" if digest[0] % 3 == 0 else "test"

    @property
    def needed(self) -> tuple[tuple[str, ...], ...]:
        """Necessary provisions as groups of alternatives."""
        return tuple(tuple(part.strip() for part in n.split("|")) for n in self.necessary)

    @property
    def asked(self) -> Question:
        """The case as a question to the assistant."""
        return Question(self.question, self.on, self.region, self.history)


def read_cases(root: Path = ROOT) -> list[Case]:
    """Read every case; raises FormatError naming the file and the case that is malformed."""
    cases: list[Case] = []
    for path in sorted(root.glob("*.yaml")):
        for entry in read_yaml(path) or []:
            try:
                cases.append(Case.model_validate(entry))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise FormatError(path, 1, f"{entry.get('id')} {where}: {first['msg']}") from error
    if not cases:
        raise WenfaError(f"{root} 里没有评测用例")
    return cases


def read_lines(corpus: Corpus, root: Path = ROOT.parent / "lines") -> dict[Intent, list[str]]:
    """Read the lines that train the intent classifier: `<intent>.txt`, one question a line.

    Lines of the field come also from `may_they.txt`, questions that look like misuse and are
    none, and from the corpus: typical questions, titles and terms. None of them is a case.
    """

    def read(name: str) -> list[str]:
        text = (root / f"{name}.txt").read_text(encoding="utf-8")
        return [line.strip() for line in text.splitlines() if line.strip()]

    lines: dict[Intent, list[str]] = {name: read(name) for name in INTENTS}
    lines["in_field"] += read("may_they")
    for provision in corpus.provisions:
        lines["in_field"] += [*provision.questions, provision.title, *provision.terms]
    for guide in corpus.guides:
        lines["in_field"] += [*guide.questions, guide.title, *guide.topics]
    lines["in_field"] = list(dict.fromkeys(lines["in_field"]))
    return lines


def problems(cases: Sequence[Case], corpus: Corpus) -> Iterator[str]:
    """Yield one line for every case that is unsound or repeats a typical question."""
    yield from (f"{name} 出现了两次" for name, n in Counter(c.id for c in cases).items() if n > 1)
    slugs = {provision.instrument.slug for provision in corpus.provisions}
    families = {case.id: case for case in cases}
    for case in cases:
        for name in (
            p for group in (*case.needed, case.acceptable, case.never_first) for p in group
        ):
            known = Locator.parse(name) in corpus if "/" in name else name in slugs
            if not known:
                yield f"{case.id} 引用的 {name} 不在知识库里"
        if (head := families.get(case.family or "")) and head.family not in (None, head.id):
            yield f"{case.id} 的 family 应写最前面的 {head.family}，不是 {head.id}"
        if case.kind == "answered" and not case.necessary:
            yield f"{case.id} 应当能回答，却没有写必要条文"
    yield from _repeats(cases, corpus)


def _repeats(cases: Sequence[Case], corpus: Corpus) -> Iterator[str]:
    """Find cases too close to a typical question, by an inverted index of bigrams."""
    questions = [q for p in corpus.provisions for q in p.questions]
    questions += [q for guide in corpus.guides for q in guide.questions]
    sets = [frozenset(terms(question)) for question in questions]
    holders: dict[str, list[int]] = defaultdict(list)
    for number, held in enumerate(sets):
        for term in held:
            holders[term].append(number)
    for case in cases:
        asked = frozenset(terms(case.question))
        shared: Counter[int] = Counter()
        for term in asked:
            shared.update(holders.get(term, ()))
        for number, common in shared.most_common(20):
            if common / len(asked | sets[number]) >= OVERLAP:
                yield f"{case.id} 与典型问题太像：{case.question} ≈ {questions[number]}"
                break
