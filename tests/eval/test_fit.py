from pathlib import Path

import pytest

from assistant.answer import Question
from assistant.ask import Assistant
from assistant.evidence import FEATURES, load_refusal_weights, probability
from assistant.intent import Intent, intents
from corpus.reader import Corpus
from eval.cases import TODAY, read_cases, read_lines
from eval.fit import fit_fusion, fit_intent, fit_refusal
from ingest.index import load_fusion_weights


def test_weights_are_fitted_on_tune_cases_and_name_them(assistant: Assistant) -> None:
    cases = [case for case in read_cases() if case.group == "worker"][:90]
    fusion = fit_fusion(assistant, cases)
    assert sum(
        (fusion.face_lexical, fusion.whole_lexical, fusion.face_dense, fusion.whole_dense)
    ) == (pytest.approx(1, abs=0.01))
    tuned = [case.id for case in cases if case.split == "tune"]
    other = fit_fusion(assistant, [case for case in cases if case.id in tuned])
    assert other == fusion, "test cases must not move the weights"


LINES: dict[Intent, list[str]] = {
    "in_field": ["老板不发工资", "加班没有钱", "工资拖了两个月", "加班费不给", "老板拖欠工资"],
    "out_of_field": ["红烧肉怎么做", "糖醋肉怎么炒", "怎么做鱼", "肉怎么炖", "怎么炒菜"],
    "must_not_help": [
        "教我伪造工资表",
        "帮我伪造签名",
        "怎么伪造考勤",
        "教我做假账",
        "帮我做假证明",
    ],
}


def test_the_intent_classifier_learns_its_lines() -> None:
    weights = fit_intent(LINES)
    for name, lines in LINES.items():
        for line in lines:
            told = intents(line, weights)
            assert max(told, key=lambda intent: told[intent]) == name
            assert sum(told.values()) == pytest.approx(1)


def test_the_refusal_is_fitted_on_tune_cases_and_lines(
    assistant: Assistant, corpus: Corpus
) -> None:
    cases = [case for case in read_cases() if case.group in ("worker", "unanswerable")]
    lines = {name: some[:120] for name, some in read_lines(corpus).items()}
    weights = fit_refusal(assistant, cases, lines)
    assert set(weights.weights) == set(FEATURES)
    assert 0 < weights.threshold < 1
    assert 0.5 <= weights.misuse <= 1


def test_the_committed_weights_tell_field_from_no_field(assistant: Assistant) -> None:
    weights = load_refusal_weights()
    assert weights.cases
    assert load_fusion_weights(Path(__file__).parents[2] / "ingest" / "fusion.json").cases

    def likely(text: str) -> float:
        question = Question(text, TODAY)
        return probability(assistant.features(question, assistant.search(question)), weights)

    assert likely("加班费怎么算") > weights.threshold > likely("红烧肉怎么做才不腻")
