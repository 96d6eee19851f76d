from pathlib import Path

import pytest

from corpus.errors import IngestError
from corpus.reader import Corpus
from ingest.document import corpus_documents
from ingest.embed import load_embedder
from ingest.train import TrainingSettings, train

SMALL = TrainingSettings(vocabulary=3_000, dimension=32, epochs=1)


def test_the_same_texts_give_the_same_model(corpus: Corpus, tmp_path: Path) -> None:
    documents = list(corpus_documents(corpus))[:3]
    first, second = (train(documents, tmp_path / name, SMALL) for name in ("one", "two"))
    assert first.name == second.name
    weights = [(folder / "model.safetensors").read_bytes() for folder in (first, second)]
    assert weights[0] == weights[1]


def test_a_model_that_exists_is_not_trained_again(corpus: Corpus, tmp_path: Path) -> None:
    documents = list(corpus_documents(corpus))[:2]
    steps: list[int] = []
    train(documents, tmp_path, SMALL, progress=lambda done, total: steps.append(done))
    trained = len(steps)
    folder = train(documents, tmp_path, SMALL, progress=lambda done, total: steps.append(done))
    assert len(steps) == trained > 0
    assert load_embedder(str(folder)).dimension == 32


def test_other_settings_are_another_model(corpus: Corpus, tmp_path: Path) -> None:
    documents = list(corpus_documents(corpus))[:2]
    other = TrainingSettings(vocabulary=2_500, dimension=32, epochs=1)
    assert train(documents, tmp_path, SMALL) != train(documents, tmp_path, other)


def test_nothing_to_learn_from_says_so(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="corpus/"):
        train([], tmp_path)
