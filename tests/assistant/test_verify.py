from dataclasses import replace
from datetime import date

from assistant.answer import Answer, Citation, Claim, Question
from assistant.verify import proven, verify

CITATION = Citation(
    number=1,
    passage="law@2020-01-01/1",
    provision="law/1",
    law="某法",
    article="1",
    label="第一条",
    heading="期限",
    quote="应当在三十日内付清。",
    wording="restated",
    kind="law",
    level=1,
    valid_from=date(2020, 1, 1),
    valid_until=None,
    checked=date(2026, 11, 20),
    href="",
    note="",
    text="单位应当在三十日内付清。\n逾期的，按百分之五十加付。",
)


def answer(*claims: Claim, citations: tuple[Citation, ...] = (CITATION,)) -> Answer:
    return Answer(
        "answered", Question("问", date(2026, 1, 1)), conclusion=claims, citations=citations
    )


def test_a_claim_its_passage_carries_is_kept() -> None:
    assert proven(Claim("三十天内要付清，也就是30日。", (1,)), [CITATION])


def test_a_claim_without_citation_is_dropped() -> None:
    assert verify(answer(Claim("应当付清。", ()))).conclusion == ()


def test_a_citation_that_does_not_resolve_drops_the_claim() -> None:
    assert verify(answer(Claim("应当付清。", (2,)))).conclusion == ()


def test_a_figure_no_cited_passage_has_drops_the_claim() -> None:
    assert verify(answer(Claim("应当在六十日内付清。", (1,)))).conclusion == ()


def test_a_quote_that_is_not_in_the_passage_drops_the_claim() -> None:
    false = replace(CITATION, quote="应当立刻付清。")
    assert verify(answer(Claim("应当付清。", (1,)), citations=(false,))).conclusion == ()


def test_citations_nobody_uses_go_and_the_rest_are_renumbered() -> None:
    other = replace(CITATION, number=2, passage="law@2020-01-01/2", provision="law/2")
    kept = verify(answer(Claim("应当付清。", (2,)), citations=(CITATION, other)))
    assert [c.provision for c in kept.citations] == ["law/2"]
    assert kept.conclusion[0].citations == (1,)
    assert kept.citations[0].number == 1
