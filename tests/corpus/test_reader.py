from datetime import date
from pathlib import Path

import pytest

from corpus.errors import FormatError, UnknownProvisionError
from corpus.provision import Locator
from corpus.reader import Corpus, read_corpus, read_guide

GUIDE = """---
title: 试用期被辞退
audience: worker
topics: [试用期]
checked: 2026-11-20
---
## 结论
先看录用条件。[labor-contract-law/39.1.1][labor-contract-law/21] 别急着签字。
## 怎么算
{calc: severance}
## 怎么办
- 三十天内要说法。[labor-contract-law/50]
- 问：试用期被辞了怎么办？
"""


def test_paragraphs_items_marks_and_questions_are_read(corpus: Corpus) -> None:
    provision = corpus.provision("labor-contract-law/38")
    assert provision.label == "第三十八条"
    assert len(provision.paragraphs) == 2
    assert len(provision.paragraphs[0].items) == 6
    assert (
        provision.at(Locator.parse("labor-contract-law/38.1.3"))
        == (provision.paragraphs[0].items[2])
    )
    assert provision.at(Locator.parse("labor-contract-law/38.3")) is None
    assert provision.at(Locator.parse("labor-contract-law/38.1.7")) is None
    assert len(provision.questions) >= 8


def test_the_version_in_force_on_the_day_is_found(small_corpus: Path) -> None:
    corpus = read_corpus(small_corpus)
    assert "11 天" in corpus.provision("holiday/1", date(2024, 12, 31)).text
    assert "13 天" in corpus.provision("holiday/1", date(2025, 1, 1)).text
    assert "13 天" in corpus.provision("holiday/1").text


def test_a_day_before_the_first_version_has_no_provision(small_corpus: Path) -> None:
    with pytest.raises(UnknownProvisionError, match="2013-12-31"):
        read_corpus(small_corpus).provision("holiday/1", date(2013, 12, 31))


def test_an_older_version_ends_where_the_newer_begins(small_corpus: Path) -> None:
    ends = {i.version: i.valid_until for i in read_corpus(small_corpus).instruments}
    assert ends == {date(2014, 1, 1): date(2025, 1, 1), date(2025, 1, 1): None}


def test_a_mark_that_gives_way_names_target_day_and_place(corpus: Corpus) -> None:
    marks = corpus.provision("labor-law/82").marks.yields
    targets = {str(mark.target): mark.since for mark in marks}
    assert targets["labor-dispute-mediation-and-arbitration-law/27"] == date(2008, 5, 1)
    part = corpus.provision("labor-dispute-interpretation-1/32").marks.yields
    assert {mark.paragraph for mark in part} == {1}


def test_guide_sentences_own_the_citations_behind_them(tmp_path: Path) -> None:
    path = tmp_path / "dismissed.md"
    path.write_text(GUIDE, encoding="utf-8")
    guide = read_guide(path)
    first, second = guide.conclusion.lines[0]
    assert [str(c) for c in first.citations] == [
        "labor-contract-law/39.1.1",
        "labor-contract-law/21",
    ]
    assert second.text == "别急着签字。"
    assert second.citations == ()
    assert guide.sections[1].calculator == "severance"
    assert guide.questions == ("试用期被辞了怎么办？",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: regulation", "kind: decree", "kind"),
        ("### 第一条 一年放几天", "### 一年放几天", "认不出标题"),
        ("### 第二条 从哪天起", "### 第二条", "缺少短标题"),
        ("- 问：妇女节放不放假？", "- 让位：nowhere", "让位"),
        ("- 问：妇女节放不放假？", "- 问：妇女节放不放假？\n后面又有正文", "正文要写在"),
        ("---\ntitle", "title", "文件头"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(
    small_corpus: Path, old: str, new: str, message: str
) -> None:
    path = small_corpus / "regulations" / "holiday@2025-01-01.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FormatError, match=message) as error:
        read_corpus(small_corpus)
    assert "holiday@2025-01-01.md:" in str(error.value)
