import numpy as np
import pytest

from eval.cases import Case
from eval.metrics import (
    METRICS,
    Observed,
    bootstrap_interval,
    citation_precision,
    fact_coverage,
    fold,
    in_force_first,
    matches,
    ndcg_at_10,
    nothing_forbidden,
    paired_bootstrap,
    recall_at,
    reciprocal_rank,
    refused_rightly,
    refused_wrongly,
)

CASE = Case(
    id="worker-1",
    group="worker",
    topic="试用期",
    question="试用期六个月行吗",
    kind="answered",
    necessary=("a/1", "b/2 | b/3"),
    acceptable=("c/9",),
    never_first=("old/1",),
    facts=(("三十日", "一个月"), ("2N", "二倍")),
    forbidden=("六十日内",),
    source="甲法第一条",
)


def seen(retrieved: str = "", cited: str = "", text: str = "", kind: str = "answered") -> Observed:
    return Observed(kind, text, tuple(retrieved.split()), tuple(cited.split()), 1.0, 0.01)


def test_recall_counts_groups_and_passes_over_the_acceptable() -> None:
    assert recall_at(2)(CASE, seen("c/9 a/1 x/1 b/3")) == 0.5
    assert recall_at(3)(CASE, seen("c/9 a/1 x/1 b/3")) == 1.0
    assert recall_at(5)(CASE, seen("x/1")) == 0.0


def test_reciprocal_rank_is_of_the_first_necessary() -> None:
    assert reciprocal_rank(CASE, seen("c/9 x/1 b/2")) == 0.5
    assert reciprocal_rank(CASE, seen("x/1")) == 0.0


def test_ndcg_is_one_for_the_ideal_order_and_counts_a_group_once() -> None:
    assert ndcg_at_10(CASE, seen("a/1 b/2")) == pytest.approx(1.0)
    assert ndcg_at_10(CASE, seen("b/2 b/3")) == pytest.approx(1 / (1 + 1 / np.log2(3)))


def test_citation_precision_leaves_out_the_acceptable() -> None:
    assert citation_precision(CASE, seen(cited="a/1 c/9 x/1")) == 0.5
    assert citation_precision(CASE, seen(cited="c/9")) is None


def test_a_provision_that_gives_way_may_not_come_first() -> None:
    assert in_force_first(CASE, seen(cited="old/1 a/1")) == 0.0
    assert in_force_first(CASE, seen(cited="a/1 old/1")) == 1.0


def test_facts_are_found_in_any_wording_and_any_numeral() -> None:
    assert fact_coverage(CASE, seen(text="30天内，按2倍")) == 1.0
    assert fact_coverage(CASE, seen(text="1个月内")) == 0.5


def test_forbidden_wordings_fail() -> None:
    assert nothing_forbidden(CASE, seen(text="要在60天内提出")) == 0.0
    assert nothing_forbidden(CASE, seen(text="一年内提出")) == 1.0


def test_refusals_are_judged_both_ways() -> None:
    refusal = CASE.model_copy(update={"kind": "out_of_field", "necessary": ()})
    assert refused_rightly(refusal, seen(kind="not_in_corpus")) == 1.0
    assert refused_rightly(refusal, seen()) == 0.0
    assert refused_wrongly(CASE, seen(kind="not_in_corpus")) == 1.0
    assert refused_rightly(CASE, seen()) is None


def test_a_bare_slug_names_every_article() -> None:
    assert matches("law", "law/3")
    assert not matches("law", "law-two/3")
    assert not matches("law/3", "law/30")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("百分之八十", "80%"),
        ("百分之一百五十", "150%"),
        ("4.2万元", "42000元"),
        ("两倍", "2 倍"),
        ("第十九条", "第19条"),
        ("45日", "四十五天"),
    ],
)
def test_folding(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_the_interval_holds_the_mean_and_narrows_with_more_cases() -> None:
    few, many = bootstrap_interval([0, 1] * 10), bootstrap_interval([0, 1] * 500)
    assert few[0] < 0.5 < few[1]
    assert many[1] - many[0] < few[1] - few[0]


def test_a_clear_fall_is_significant_and_noise_is_not() -> None:
    change, p = paired_bootstrap([1.0] * 50, [1.0] * 20 + [0.0] * 30)
    assert change == pytest.approx(-0.6)
    assert p < 0.01
    assert paired_bootstrap([1, 0] * 25, [0, 1] * 25)[1] > 0.2
    assert paired_bootstrap([1.0] * 5, [1.0] * 5) == (0.0, 1.0)


def test_every_metric_stays_between_zero_and_one() -> None:
    for metric in METRICS.values():
        value = metric(CASE, seen("a/1 x/1", "a/1", "30天"))
        assert value is None or 0 <= value <= 1
