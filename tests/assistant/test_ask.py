from datetime import date

import pytest

from assistant.answer import NOTICE, Question
from assistant.ask import LONGEST_QUESTION, Assistant
from corpus.errors import QuestionError

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "provision"),
    [
        ("试用期被辞退有没有补偿", "labor-contract-law/21"),
        ("公司不签合同怎么赔", "labor-contract-law/82"),
        ("劳动仲裁时效多久", "labor-dispute-mediation-and-arbitration-law/27"),
        ("年休假没休完离职怎么算", "annual-leave-implementation-measures/12"),
        ("怀孕能不能辞退", "female-employees-protection-regulation/5"),
        ("工会经费怎么来的", "trade-union-law/43"),
    ],
)
def test_the_deciding_article_is_cited_in_the_conclusion(
    assistant: Assistant, text: str, provision: str
) -> None:
    answer = assistant.ask(Question(text, TODAY))
    assert answer.kind == "answered"
    cited = [answer.citation(n).provision for c in answer.conclusion for n in c.citations]
    assert provision in cited


def test_every_claim_is_cited_and_every_quote_stands_in_its_passage(assistant: Assistant) -> None:
    stored = dict(assistant.library.store.texts())
    for text in ("加班费怎么算", "工伤怎么认定", "被拖欠工资怎么办", "工会主席能随便换吗"):
        answer = assistant.ask(Question(text, TODAY))
        assert 1 <= len(answer.conclusion) <= 3
        assert all(claim.citations for claim in answer.conclusion)
        for number, citation in enumerate(answer.citations, 1):
            assert citation.number == number
            assert citation.quote in stored[citation.passage]


def test_a_question_outside_the_field_is_refused(assistant: Assistant) -> None:
    answer = assistant.ask(Question("明天天气怎么样", TODAY))
    assert answer.refused
    assert not answer.citations
    assert NOTICE in answer.text


def test_an_article_that_gives_way_does_not_lead(assistant: Assistant) -> None:
    answer = assistant.ask(Question("申请劳动仲裁是不是六十天内", TODAY))
    assert answer.citations[0].provision != "labor-law/82"
    assert "60" not in answer.conclusion[0].text


def test_the_version_of_the_day_answers(assistant: Assistant) -> None:
    text = "法定节假日一年放几天假"
    old = assistant.ask(Question(text, date(2024, 6, 1)))
    new = assistant.ask(Question(text, date(2025, 6, 1)))
    assert {c.valid_from for c in old.citations if "年节" in c.law} == {date(2014, 1, 1)}
    assert {c.valid_from for c in new.citations if "年节" in c.law} == {date(2025, 1, 1)}


def test_retrieved_holds_at_most_twenty_provisions_each_once(assistant: Assistant) -> None:
    retrieved = assistant.ask(Question("单位拖欠工资还不交社保", TODAY)).retrieved
    assert 0 < len(retrieved) <= 20
    assert len({item.id for item in retrieved}) == len(retrieved)


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "字" * (LONGEST_QUESTION + 1)])
def test_a_question_that_cannot_be_taken_says_why(assistant: Assistant, text: str) -> None:
    with pytest.raises(QuestionError):
        assistant.ask(Question(text, TODAY))


@pytest.mark.parametrize(
    "text",
    ["？？？", "<script>alert(1)</script>", "a" * 2000, "🙂🙂", "select * from faces", "[1][2]"],
)
def test_strange_input_is_answered_or_refused_without_failing(
    assistant: Assistant, text: str
) -> None:
    assert assistant.ask(Question(text, TODAY)).text


def test_a_text_never_checked_against_an_official_one_says_so(assistant: Assistant) -> None:
    answer = assistant.ask(Question("高温津贴多少度开始发", TODAY))
    unchecked = [c for c in answer.citations if c.checked is None]
    assert unchecked
    assert "未与官方原文核对" in answer.text
