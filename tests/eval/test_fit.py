from pathlib import Path

import pytest

from assistant.ask import Assistant
from assistant.evidence import FEATURES, features, load_refusal_weights, probability
from eval.cases import TODAY, read_cases
from eval.fit import fit_fusion, fit_refusal
from ingest.index import Filter, load_fusion_weights


def test_weights_are_fitted_on_tune_cases_and_name_them(assistant: Assistant) -> None:
    cases = [case for case in read_cases() if case.group in ("worker", "unanswerable")][:90]
    fusion = fit_fusion(assistant, cases)
    assert sum(
        (fusion.face_lexical, fusion.whole_lexical, fusion.face_dense, fusion.whole_dense)
    ) == (pytest.approx(1, abs=0.01))
    refusal = fit_refusal(assistant, read_cases(), ("老板不发工资",), ("红烧肉怎么做",))
    assert set(refusal.weights) == set(FEATURES)
    tuned = [case.id for case in cases if case.split == "tune"]
    other = fit_fusion(assistant, [case for case in cases if case.id in tuned])
    assert other == fusion, "test cases must not move the weights"


def test_the_committed_weights_tell_field_from_no_field(assistant: Assistant) -> None:
    weights = load_refusal_weights()
    assert weights.cases
    assert load_fusion_weights(Path(__file__).parents[2] / "ingest" / "fusion.json").cases

    def likely(text: str) -> float:
        hits = assistant.library.index.search(text, within=Filter(TODAY), k=20)
        return probability(features(text, hits, assistant.library.index), weights)

    assert likely("加班费怎么算") > weights.threshold > likely("红烧肉怎么做才不腻")
