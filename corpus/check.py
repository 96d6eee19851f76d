"""Checks on the corpus as a whole: ids, cross references, questions, figures in guides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from corpus.numerals import NUMERALS, to_int
from corpus.parameter import Parameter
from corpus.provision import Guide, Locator, Provision, item_number
from corpus.reader import Corpus

FEWEST_QUESTIONS = 2

_REFERENCE = re.compile(
    rf"第[{NUMERALS}\d]+(?:条(?:之[{NUMERALS}]+)?|款|项|章|节|次|级|类)|[（(][{NUMERALS}\d]+[）)]"
)
_FIGURE = re.compile(
    rf"百分之([{NUMERALS}]+)|(\d+(?:\.\d+)?)\s*[%％]|(\d+(?:\.\d+)?|[{NUMERALS}]+)\s*"
    r"(?:个?工作日|个?月|日|天|年|周岁|岁|小时|倍|元|人|周)"
)


def problems(corpus: Corpus, figures: dict[str, Parameter]) -> Iterator[str]:
    """Yield one line for every fault; nothing where the corpus is sound."""
    yield from _duplicate_ids(corpus)
    yield from _numbering(corpus)
    yield from _marks(corpus)
    yield from _questions(corpus)
    for guide in corpus.guides:
        yield from _guide(corpus, guide, figures)
    for name, parameter in figures.items():
        for start, dated in parameter.values.items():
            if fault := dangling(corpus, Locator.parse(dated.citation)):
                yield f"参数 {name} {start}：{fault}"


def dangling(corpus: Corpus, locator: Locator) -> str | None:
    """Say why a locator leads nowhere; None where it resolves."""
    if locator not in corpus:
        return f"引用的 {locator} 不在知识库里"
    if corpus.provision(locator).at(locator) is None:
        return f"{locator.provision} 没有这一款或这一项：{locator}"
    return None


def figures_in(text: str) -> set[float]:
    """Collect the figures of a text: 百分之八十 and 80% alike; article numbers do not count.

    >>> sorted(figures_in("第八十二条：不超过六个月，按百分之八十或者 1.5 倍"))
    [1.5, 6.0, 80.0]
    """
    found = set()
    for match in _FIGURE.finditer(_REFERENCE.sub("", text)):
        number = next(group for group in match.groups() if group)
        value = float(number) if re.fullmatch(r"\d+(?:\.\d+)?", number) else float(to_int(number))
        if value > 1:  # 一 is more often a word than a figure
            found.add(value)
    return found


def _duplicate_ids(corpus: Corpus) -> Iterator[str]:
    keys = Counter(provision.key for provision in corpus.provisions)
    yield from (f"{key} 出现了 {count} 次" for key, count in keys.items() if count > 1)


def _numbering(corpus: Corpus) -> Iterator[str]:
    last: dict[str, tuple[int, int]] = {}
    for provision in corpus.provisions:
        main, _, sub = provision.article.partition("-")
        version = provision.key.partition("/")[0]
        if main.isdecimal():
            number = (int(main), int(sub or 0))
            before = last.get(version, (0, 0))
            follows = number in ((before[0] + 1, 0), (before[0], before[1] + 1))
            if number <= before or not (follows or provision.instrument.excerpt):
                yield f"{provision.key} 接在第 {before[0]} 条后面；节选文件请写 excerpt: true"
            last[version] = number
        for paragraph in provision.paragraphs:
            numbers = [item_number(item) for item in paragraph.items]
            if numbers != list(range(1, len(numbers) + 1)):
                yield f"{provision.key} 的项编号不连续：{numbers}"


def _marks(corpus: Corpus) -> Iterator[str]:
    for provision in corpus.provisions:
        for mark in provision.marks.yields:
            if fault := dangling(corpus, mark.target):
                yield f"{provision.key} 让位：{fault}"
            place = Locator(provision.instrument.slug, provision.article, mark.paragraph, mark.item)
            if provision.at(place) is None:
                yield f"{provision.key} 没有让位标注所指的 {place.label}"


def _questions(corpus: Corpus) -> Iterator[str]:
    seen: dict[str, str] = {}
    for owner, questions in _question_owners(corpus):
        if len(questions) < FEWEST_QUESTIONS:
            yield f"{owner} 只有 {len(questions)} 个典型问题，至少 {FEWEST_QUESTIONS} 个"
        for question in questions:
            plain = re.sub(r"\W", "", question)
            if plain in seen:
                yield f"{owner} 与 {seen[plain]} 的问题相同：{question}"
            seen[plain] = owner


def _question_owners(corpus: Corpus) -> Iterator[tuple[str, tuple[str, ...]]]:
    for provision in corpus.provisions:
        yield provision.key, provision.questions
    for guide in corpus.guides:
        yield f"guides/{guide.slug}", guide.questions


def _guide(corpus: Corpus, guide: Guide, figures: dict[str, Parameter]) -> Iterator[str]:
    where = f"guides/{guide.slug}"
    if not guide.citations:
        yield f"{where} 的结论没有引用任何条文"
    for section in guide.sections:
        for sentence in (s for line in section.lines for s in line):
            faults = [fault for c in sentence.citations if (fault := dangling(corpus, c))]
            yield from (f"{where}：{fault}" for fault in faults)
            if sentence.citations and not faults:
                texts = [corpus.provision(c).text for c in sentence.citations]
                known = figures_in("\n".join(texts)) | _parameter_figures(
                    sentence.citations, figures
                )
                if unproven := figures_in(sentence.text) - known:
                    numbers = "、".join(f"{figure:g}" for figure in sorted(unproven))
                    yield f"{where}：所引条文里没有 {numbers}：{sentence.text}"


def _parameter_figures(citations: tuple[Locator, ...], figures: dict[str, Parameter]) -> set[float]:
    """Figures of the parameters that rest on the same articles."""
    articles = {citation.provision for citation in citations}
    return {
        float(dated.value)
        for parameter in figures.values()
        for dated in parameter.values.values()
        if isinstance(dated.value, int | float)
        and Locator.parse(dated.citation).provision in articles
    }


def unchecked(corpus: Corpus) -> list[Provision]:
    """Provisions whose text was never held against an official one."""
    return [provision for provision in corpus.provisions if provision.instrument.checked is None]
