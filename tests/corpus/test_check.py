from pathlib import Path

import pytest

from corpus.check import figures_in, problems
from corpus.reader import read_corpus

GUIDE = """---
title: 放假
audience: worker
topics: [放假]
checked: 2026-11-20
---
## 结论
一年放 {days} 天。[holiday/{place}]
- 问：一年到底放多少天假？
- 问：今年假期几天？
"""


def faults(root: Path) -> list[str]:
    return list(problems(read_corpus(root), {}))


def add_guide(root: Path, *, days: str = "13", place: str = "1.1") -> None:
    (root / "guides").mkdir()
    text = GUIDE.format(days=days, place=place)
    (root / "guides" / "holiday.md").write_text(text, encoding="utf-8")


def edit(root: Path, old: str, new: str) -> None:
    path = root / "regulations" / "holiday@2025-01-01.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def one_version(small_corpus: Path) -> Path:
    (small_corpus / "regulations" / "holiday@2014-01-01.md").unlink()
    return small_corpus


def test_the_bundled_corpus_is_sound() -> None:
    from corpus.parameter import parameters

    assert list(problems(read_corpus(), parameters())) == []


def test_a_sound_corpus_has_no_problem(one_version: Path) -> None:
    add_guide(one_version)
    assert faults(one_version) == []


def test_a_missing_article_is_found(one_version: Path) -> None:
    edit(one_version, "### 第二条", "### 第三条")
    assert any("接在第 1 条后面" in fault for fault in faults(one_version))


def test_a_jump_in_item_numbers_is_found(one_version: Path) -> None:
    edit(one_version, "（二）", "（三）")
    assert any("项编号不连续" in fault for fault in faults(one_version))


def test_a_repeated_question_is_found(one_version: Path) -> None:
    edit(one_version, "放假办法哪天生效？", "妇女节，放不放假")
    assert any("问题相同" in fault for fault in faults(one_version))


def test_a_dangling_mark_is_found(one_version: Path) -> None:
    edit(one_version, "- 术语：法定节假日", "- 让位：holiday/9（2025-01-01 起，改了）")
    assert any("holiday/9 不在知识库里" in fault for fault in faults(one_version))


def test_a_guide_citing_nothing_that_exists_is_found(one_version: Path) -> None:
    add_guide(one_version, place="1.2.3")
    assert any("没有这一款或这一项" in fault for fault in faults(one_version))


def test_a_figure_no_cited_article_has_is_found(one_version: Path) -> None:
    add_guide(one_version, days="15")
    assert any("没有 15" in fault for fault in faults(one_version))


def test_figures_are_the_same_in_chinese_and_arabic() -> None:
    assert figures_in("百分之八十，三十日") == figures_in("80%，30 日")
