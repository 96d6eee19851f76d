import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.settings import Settings
from corpus.errors import IngestError
from ingest.embed import SentenceTransformerEmbedder, StaticEmbedder, is_static, load_embedder
from ingest.segment import normalise
from ingest.store import Store

TEXTS = ["试用期被辞退有没有补偿", "annual leave 5 天", "", "勞動合同"]


@pytest.fixture(scope="module")
def bundled(settings: Settings) -> Path:
    store = Store(settings.library_url)
    folder = Path(store.fact("model_folder") or "")
    store.close()
    return folder


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with mean pooling, saved as any sentence-transformers model is."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"试用期被辞退有没补偿年假工资"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    model = SentenceTransformer(
        modules=[Transformer(str(folder / "base")), Pooling(16)],
        prompts={"query": "试", "document": ""},
        device="cpu",
    )
    model.save_pretrained(str(folder / "model"), create_model_card=False)
    return folder / "model"


def test_a_lone_static_model_reads_the_same_with_and_without_torch(bundled: Path) -> None:
    from sentence_transformers import SentenceTransformer

    ours = StaticEmbedder(bundled).queries(TEXTS)
    model = SentenceTransformer(str(bundled), device="cpu")
    theirs = np.stack(
        [
            model.encode(normalise(t), normalize_embeddings=True) if t else np.zeros(ours.shape[1])
            for t in TEXTS
        ]
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_rows_have_unit_length_or_are_zero(bundled: Path) -> None:
    lengths = np.linalg.norm(StaticEmbedder(bundled).passages(TEXTS), axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 0, 1], atol=1e-5)


def test_the_static_path_never_imports_torch(bundled: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ingest.embed import load_embedder;"
        f"load_embedder({str(bundled)!r}).queries(['试用期']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_any_other_model_is_read_by_its_own_library(transformer: Path) -> None:
    assert not is_static(transformer)
    embedder = load_embedder(str(transformer))
    assert isinstance(embedder, SentenceTransformerEmbedder)
    assert embedder.dimension == 16
    rows = embedder.passages(TEXTS[:2])
    assert rows.shape == (2, 16)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_the_query_prompt_of_a_model_is_respected(transformer: Path) -> None:
    embedder = load_embedder(str(transformer))
    asked, searched = embedder.queries(["年假"]), embedder.passages(["年假"])
    prompted = embedder.passages(["试年假"])
    assert np.abs(asked - searched).max() > 1e-3
    np.testing.assert_allclose(asked, prompted, atol=1e-5)


def test_a_model_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="WENFA_EMBEDDING_MODEL"):
        load_embedder(str(tmp_path / "nothing"))
