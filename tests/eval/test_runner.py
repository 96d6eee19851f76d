from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.ask import Assistant
from corpus.reader import Corpus, read_corpus
from eval.cases import Case, problems, read_cases
from eval.metrics import Observed
from eval.report import load, markdown, regressions, save, worst
from eval.runner import Result, answering, run, searching


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    known = read_cases()
    groups = {"worker": 90, "unanswerable": 40}
    return [c for g, most in groups.items() for c in [k for k in known if k.group == g][:most]]


@pytest.fixture(scope="session")
def honest(assistant: Assistant, cases: list[Case]) -> Result:
    return run(answering(assistant), cases)[0]


def mean(result: Result, metric: str) -> float:
    return float(np.mean(result.values(metric)))


def test_the_cases_are_sound_and_repeat_no_typical_question(corpus: Corpus) -> None:
    assert list(problems(read_cases(), corpus)) == []


def test_a_third_of_the_cases_is_for_tuning() -> None:
    splits = [case.split for case in read_cases()]
    assert 0.28 < splits.count("tune") / len(splits) < 0.40


def test_variants_fall_into_the_split_of_their_case() -> None:
    cases = {case.id: case for case in read_cases()}
    for case in cases.values():
        if case.family in cases:
            assert case.split == cases[case.family].split


def test_a_case_that_repeats_a_typical_question_is_thrown_out(small_corpus: Path) -> None:
    case = Case(
        id="x",
        group="worker",
        topic="放假",
        question="一年的法定节假日一共几天呢",
        kind="answered",
        necessary=("holiday/1",),
        source="第一条",
    )
    corpus = read_corpus(small_corpus)
    assert any("太像" in fault for fault in problems([case], corpus))
    other = case.model_copy(update={"question": "过年过节能歇多久", "necessary": ("holiday/7",)})
    assert [fault for fault in problems([other], corpus)] == ["x 引用的 holiday/7 不在知识库里"]


def broken_retriever(system: Callable[[Case], Observed]) -> Callable[[Case], Observed]:
    """Return what was found and cited in a worthless order."""

    def broken(case: Case) -> Observed:
        seen = system(case)
        return replace(seen, retrieved=seen.retrieved[::-1][:10], cited=("labor-law/1",))

    return broken


def fabricator(case: Case) -> Observed:
    """Answer everything, cite and quote what does not exist."""
    return Observed("answered", "依法办理即可。", ("made-up/1",), ("made-up/1",), 0.0, 0.0)


def always_refusing(case: Case) -> Observed:
    return Observed("not_in_corpus", "答不了。", (), (), 1.0, 0.0)


def test_a_broken_retriever_scores_visibly_worse(
    assistant: Assistant, cases: list[Case], honest: Result
) -> None:
    result = run(broken_retriever(answering(assistant)), cases)[0]
    assert mean(result, "recall@5") < mean(honest, "recall@5") - 0.4
    assert mean(result, "citation_recall") < mean(honest, "citation_recall") - 0.4


def test_a_fabricating_writer_scores_visibly_worse(cases: list[Case], honest: Result) -> None:
    result = run(fabricator, cases)[0]
    assert mean(result, "quotes_exact") == 0.0
    assert mean(result, "citation_precision") == 0.0
    assert mean(result, "fact_coverage") < mean(honest, "fact_coverage") - 0.3
    assert mean(result, "refused_rightly") == 0.0


def test_an_always_refusing_assistant_scores_visibly_worse(
    cases: list[Case], honest: Result
) -> None:
    result = run(always_refusing, cases)[0]
    assert mean(result, "refused_wrongly") == 1.0
    assert mean(result, "recall@5") == 0.0
    assert mean(result, "refused_rightly") == 1.0


def test_the_gate_fails_on_a_real_fall_and_passes_on_the_same_run(
    assistant: Assistant, cases: list[Case], honest: Result
) -> None:
    assert regressions(honest, honest) == []
    fallen = regressions(honest, run(broken_retriever(answering(assistant)), cases)[0])
    assert any("recall@5" in line for line in fallen)


def test_results_are_written_read_and_reported(
    tmp_path: Path, assistant: Assistant, cases: list[Case], honest: Result
) -> None:
    save(honest, tmp_path / "result.json")
    assert load(tmp_path / "result.json") == honest
    table = markdown(honest, title="评测")
    assert "| recall@5 |" in table
    assert "| worker |" in table
    result, observed = run(answering(assistant), cases[:30])
    lines = list(worst(cases[:30], observed, result))
    assert lines
    assert all(case.split == "tune" for case in cases[:30] if any(case.id in x for x in lines))


def test_each_side_alone_can_be_searched(assistant: Assistant, cases: list[Case]) -> None:
    for mode in ("lexical", "dense", "fused"):
        result = run(searching(assistant, mode), cases[:40])[0]  # type: ignore[arg-type]
        assert mean(result, "recall@10") > 0.4
