"""Read the corpus: Markdown files into instruments, provisions, guides and articles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import frontmatter
import yaml
from pydantic import ValidationError

from corpus.errors import FormatError, UnknownProvisionError
from corpus.numerals import NUMERALS, to_int
from corpus.provision import (
    Article,
    Guide,
    Instrument,
    Locator,
    Marks,
    Provision,
    Section,
    Sentence,
    Yielding,
    split_paragraphs,
)
from corpus.yamlfile import read_yaml

ROOT = Path(__file__).parent
INSTRUMENT_FOLDERS = ("laws", "regulations", "rules", "interpretations", "union", "local")

_ARTICLE = re.compile(rf"(第([{NUMERALS}]+)条(?:之([{NUMERALS}]+))?)\s*(.*)")
_NOTICE = re.compile(rf"((?:[（(]([{NUMERALS}]+)[）)]|([{NUMERALS}]+)、))\s*(.*)")
_UNNUMBERED = re.compile(r"(.*?)\s*\{#([a-z][a-z-]*)\}")
_MARK = re.compile(r"-\s*(问|术语|让位|地区|口径)[：:]\s*(.+)")
_PLACE = re.compile(rf"第([{NUMERALS}]+)款(?:第([{NUMERALS}]+)项)?\s*→\s*")
_YIELDING = re.compile(
    r"(?P<target>[a-z0-9/.-]+?)\s*[（(](?:(?P<since>\d{4}-\d{2}-\d{2})\s*起[，,；;]?\s*)?(?P<why>.+)[）)]"
)
_CITATIONS = re.compile(r"((?:\[[a-z0-9-]+/[a-z0-9.-]+\])+)")
_CALCULATOR = re.compile(r"\{calc:\s*([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file with its number, so that an error can name it."""

    number: int
    text: str


@dataclass(frozen=True)
class Corpus:
    """Everything the corpus says."""

    provisions: tuple[Provision, ...]
    guides: tuple[Guide, ...] = ()
    articles: tuple[Article, ...] = ()
    lexicon: Mapping[str, tuple[str, ...]] | None = None
    """Legal term -> everyday words for it."""

    @cached_property
    def instruments(self) -> tuple[Instrument, ...]:
        """Every version of every instrument, in the order of the files."""
        return tuple(dict.fromkeys(p.instrument for p in self.provisions))

    @cached_property
    def _versions(self) -> dict[str, list[Provision]]:
        versions: dict[str, list[Provision]] = {}
        for provision in self.provisions:
            versions.setdefault(provision.id, []).append(provision)
        return versions

    def provision(self, locator: Locator | str, on: date | None = None) -> Provision:
        """Return the article in force on a day; without a day, the newest version held.

        Raises UnknownProvisionError where there is none.
        """
        place = Locator.parse(locator) if isinstance(locator, str) else locator
        versions = self._versions.get(place.provision, [])
        if on is not None:
            versions = [p for p in versions if p.instrument.in_force(on)]
        if not versions:
            when = f"{on} 时有效的" if on else ""
            raise UnknownProvisionError(
                f"知识库里没有{when} {place.provision}；用 python -m corpus --list 查看已有的文件"
            )
        return max(versions, key=lambda p: p.instrument.version)

    def __contains__(self, locator: object) -> bool:
        """Whether an article is held in any version."""
        return isinstance(locator, Locator) and locator.provision in self._versions


def read_corpus(root: Path = ROOT) -> Corpus:
    """Read every file below `root`; raises FormatError at the first that is malformed."""
    provisions = [
        provision
        for folder in INSTRUMENT_FOLDERS
        for path in sorted((root / folder).glob("*.md"))
        for provision in read_instrument(path)
    ]
    return Corpus(
        provisions=tuple(_close_versions(provisions)),
        guides=tuple(read_guide(path) for path in sorted((root / "guides").glob("*.md"))),
        articles=tuple(read_article(path) for path in sorted((root / "articles").glob("*.md"))),
        lexicon=read_lexicon(root / "lexicon.yaml"),
    )


def read_instrument(path: Path) -> list[Provision]:
    """Read one version of one instrument, article by article."""
    metadata, lines = _split(path)
    slug, _, version = path.stem.partition("@")
    try:
        instrument = Instrument.model_validate({"slug": slug, "version": version, **metadata})
    except ValidationError as error:
        raise FormatError(path, 1, _first_error(error)) from error
    provisions: list[Provision] = []
    chapter = ""
    for heading, body in _headed(path, lines):
        if heading.text.startswith("## "):
            chapter = heading.text[3:].strip()
            if any(line.text.strip() for line in body):
                raise FormatError(path, heading.number, "章标题下面不能直接写正文")
            continue
        provisions.append(_provision(path, instrument, chapter, heading, body))
    if not provisions:
        raise FormatError(path, 1, "文件里没有任何 ### 条文")
    return provisions


def read_guide(path: Path) -> Guide:
    """Read one guide: `##` sections whose sentences end with [provision/citations]."""
    metadata, lines = _split(path)
    sections: list[Section] = []
    questions: list[str] = []
    for heading, body, asked in _free_sections(path, lines):
        questions += asked
        calculators = [m[1] for line in body if (m := _CALCULATOR.fullmatch(line.text))]
        content = [line for line in body if not _CALCULATOR.fullmatch(line.text)]
        try:
            read = tuple(tuple(read_sentences(line.text)) for line in content)
        except ValueError as error:
            raise FormatError(path, body[0].number, f"{heading} 一节：{error}") from error
        sections.append(Section(heading, read, calculators[0] if calculators else None))
    if not sections or sections[0].heading != "结论":
        raise FormatError(path, 1, "办事指南的第一节必须是 ## 结论")
    return Guide(
        slug=path.stem,
        title=_required(path, metadata, "title"),
        audience=_required(path, metadata, "audience"),
        topics=tuple(metadata.get("topics") or ()),
        checked=metadata.get("checked"),
        sections=tuple(sections),
        questions=tuple(questions),
    )


def read_article(path: Path) -> Article:
    """Read one practice note: free `##` sections."""
    metadata, lines = _split(path)
    sections = list(_free_sections(path, lines))
    return Article(
        slug=path.stem,
        title=_required(path, metadata, "title"),
        source=_required(path, metadata, "source"),
        checked=metadata.get("checked"),
        sections=tuple(
            (name, "\n".join(b.text for b in body)) for name, body, _ in sections if body
        ),
        questions=tuple(question for _, _, asked in sections for question in asked),
    )


def _free_sections(path: Path, lines: list[Line]) -> Iterator[tuple[str, list[Line], list[str]]]:
    """Heading, lines of text and typical questions of each `##` section."""
    for heading, body in _headed(path, lines):
        text: list[Line] = []
        questions: list[str] = []
        for line in body:
            stripped = line.text.strip()
            match = _MARK.fullmatch(stripped)
            if match and match[1] != "问":
                raise FormatError(path, line.number, "这里只用 - 问：，其余标注写在条文下")
            if match:
                questions.append(match[2].strip())
            elif stripped:
                text.append(Line(line.number, stripped))
        yield heading.text.lstrip("#").strip(), text, questions


def _required(path: Path, metadata: Mapping[str, Any], name: str) -> Any:
    if name not in metadata:
        raise FormatError(path, 1, f"文件头缺少 {name}")
    return metadata[name]


def read_lexicon(path: Path) -> dict[str, tuple[str, ...]]:
    """Read `legal term: [everyday words]`; empty where there is no such file."""
    if not path.exists():
        return {}
    content = read_yaml(path) or {}
    if not isinstance(content, dict):
        raise FormatError(path, 1, "每行应写成 法律用语: [日常说法, …]")
    lexicon = {}
    for term, words in content.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise FormatError(path, 1, f"{term} 后面应是日常说法的列表，数字请加引号")
        lexicon[str(term)] = tuple(words)
    return lexicon


def _split(path: Path) -> tuple[dict[str, Any], list[Line]]:
    """Cut a file into front matter and numbered lines."""
    text = path.read_text(encoding="utf-8")
    try:
        post = frontmatter.loads(text)
    except yaml.YAMLError as error:
        raise FormatError(path, 1, f"文件头不是有效的 YAML：{error}") from error
    if not post.metadata:
        raise FormatError(path, 1, "文件开头缺少 --- 包起来的文件头")
    all_lines = text.splitlines()
    start = all_lines.index("---", 1) + 1
    return post.metadata, [Line(n, s) for n, s in enumerate(all_lines[start:], start + 1)]


def _headed(path: Path, lines: list[Line]) -> Iterator[tuple[Line, list[Line]]]:
    """Group lines under their headings."""
    heading: Line | None = None
    body: list[Line] = []
    for line in lines:
        if line.text.startswith("#"):
            if heading:
                yield heading, body
            heading, body = line, []
        elif heading:
            body.append(line)
        elif line.text.strip():
            raise FormatError(path, line.number, "第一个标题之前不能有正文")
    if heading:
        yield heading, body


def _provision(
    path: Path, instrument: Instrument, chapter: str, heading: Line, body: list[Line]
) -> Provision:
    label, article, title = _heading(path, heading)
    text: list[str] = []
    questions: list[str] = []
    terms: list[str] = []
    yields: list[Yielding] = []
    regional: list[str] = []
    practices: list[str] = []
    for line in body:
        stripped = line.text.strip()
        match = _MARK.fullmatch(stripped)
        if not match:
            if stripped and (questions or terms or yields or regional or practices):
                raise FormatError(path, line.number, "正文要写在标注和问题之前")
            text.append(stripped)
            continue
        mark, content = match[1], match[2].strip()
        match mark:
            case "问":
                questions.append(content)
            case "术语":
                terms += [term for term in re.split(r"[、，,；;]", content) if term.strip()]
            case "让位":
                yields.append(_yielding(path, line.number, content))
            case "地区":
                regional.append(content)
            case "口径":
                practices.append(content)
    paragraphs = split_paragraphs(text)
    if not paragraphs:
        raise FormatError(path, heading.number, f"{label}没有正文")
    return Provision(
        instrument=instrument,
        article=article,
        label=label,
        title=title,
        chapter=chapter,
        paragraphs=paragraphs,
        questions=tuple(questions),
        terms=tuple(term.strip() for term in terms),
        marks=Marks(tuple(yields), tuple(regional), tuple(practices)),
    )


def _heading(path: Path, line: Line) -> tuple[str, str, str]:
    """Label, article key and title of a `###` heading."""
    text = line.text.lstrip("#").strip()
    if match := _ARTICLE.fullmatch(text):
        label, main, sub, title = match.groups()
        key = str(to_int(main)) + (f"-{to_int(sub)}" if sub else "")
    elif match := _NOTICE.fullmatch(text):
        label, bracketed, plain, title = match.groups()
        key = str(to_int(bracketed or plain))
    elif match := _UNNUMBERED.fullmatch(text):
        label, key, title = "", match[2], match[1]
    else:
        raise FormatError(
            path, line.number, f"认不出标题 {text!r}；应为 第X条、X、、（X） 或 {{#名称}}"
        )
    if not title.strip():
        raise FormatError(path, line.number, f"{label}缺少短标题")
    return label, key, title.strip()


def _yielding(path: Path, number: int, content: str) -> Yielding:
    paragraph = item = None
    if place := _PLACE.match(content):
        paragraph = to_int(place[1])
        item = to_int(place[2]) if place[2] else None
        content = content[place.end() :]
    match = _YIELDING.fullmatch(content)
    try:
        if not match:
            raise ValueError("让位 应写成 目标编号（2008-05-01 起，理由）")
        since = date.fromisoformat(match["since"]) if match["since"] else None
        target = Locator.parse(match["target"])
        return Yielding(target, match["why"], since, paragraph, item)
    except ValueError as error:
        raise FormatError(path, number, str(error)) from error


def read_sentences(text: str) -> Iterator[Sentence]:
    """Cut a line into sentences; [citations] belong to the sentence just before them.

    >>> [str(sentence) for sentence in read_sentences("甲。乙。[labor-law/1][labor-law/2]丙。")]
    ['甲。', '乙。[labor-law/1][labor-law/2]', '丙。']
    """
    text = re.sub(rf"{_CITATIONS.pattern}([。！？；])", r"\2\1", text.strip())
    parts = _CITATIONS.split(text)
    for words, marks in zip(parts[::2], [*parts[1::2], ""], strict=True):
        sentences = [s for s in re.split(r"(?<=[。！？])", words) if s.strip()]
        if marks and not sentences:
            raise ValueError("引用前面没有句子")
        citations = tuple(map(Locator.parse, re.findall(r"\[([^\]]+)\]", marks)))
        for position, sentence in enumerate(sentences, 1):
            yield Sentence(sentence.strip(), citations if position == len(sentences) else ())


def _close_versions(provisions: list[Provision]) -> Iterator[Provision]:
    """Give each version its end: its repeal, or the day the next version starts."""
    starts: dict[str, set[date]] = {}
    for provision in provisions:
        starts.setdefault(provision.instrument.slug, set()).add(provision.instrument.version)
    closed: dict[tuple[str, date], Instrument] = {}
    for provision in provisions:
        instrument = provision.instrument
        key = (instrument.slug, instrument.version)
        if key not in closed:
            later = [start for start in starts[instrument.slug] if start > instrument.version]
            ends = [end for end in (instrument.repealed, min(later, default=None)) if end]
            closed[key] = instrument.model_copy(
                update={
                    "valid_until": min(ends, default=None),
                    "earliest_held": instrument.version == min(starts[instrument.slug]),
                }
            )
        yield replace(provision, instrument=closed[key])


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"文件头 {'.'.join(map(str, first['loc']))}: {first['msg']}"
