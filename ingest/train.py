"""Train the bundled embedder from the corpus: a tokenizer, latent semantics, then pairs.

Static token vectors start from a truncated SVD of the term-passage matrix (latent semantic
analysis, Deerwester et al. 1990) and are then drawn together pair by pair: each typical question
with the title, the restatement and the sister questions of its article
(MultipleNegativesRankingLoss, Henderson et al. 2017). Two CPU cores, seconds, no download.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from corpus.errors import IngestError
from ingest.document import Document, digest_of
from ingest.embed import Vectors
from ingest.segment import normalise

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Progress = Callable[[int, int], None]
UNKNOWN = "[UNK]"


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What decides the model besides its texts; part of its digest."""

    vocabulary: int = 8_000
    dimension: int = 256
    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 0.02
    seed: int = 20


@dataclass(frozen=True, slots=True)
class _Example:
    """The texts of one passage that should find one another."""

    questions: tuple[str, ...]
    texts: tuple[str, ...]


def train(
    documents: Sequence[Document],
    folder: Path,
    settings: TrainingSettings | None = None,
    *,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Train a model on the bundled documents and save it; returns its folder.

    The folder's name is the digest of texts and settings: where it exists, nothing is trained.
    """
    settings = settings or TrainingSettings()
    examples = _examples(documents)
    if not examples:
        raise IngestError("没有可用于训练的典型问题；请先检查 corpus/")
    target = folder / digest_of([repr(e) for e in examples], asdict(settings))
    if not (target / "modules.json").exists():
        model = _model(examples, settings)
        _draw_together(model, examples, settings, progress)
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        model.save_pretrained(str(partial), create_model_card=False)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    return target


def _examples(documents: Sequence[Document]) -> list[_Example]:
    examples = []
    for passage in (p for d in documents if d.origin == "corpus" for p in d.passages):
        questions = tuple(normalise(f.text) for f in passage.faces if f.kind == "question")
        texts = tuple(
            normalise(f.text) for f in passage.faces if f.kind not in ("question", "whole")
        )
        if questions and texts:
            examples.append(_Example(questions, texts))
    return examples


def _tokenizer(examples: Sequence[_Example], size: int) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(
        Regex(r"[㐀-鿿]+|[a-z]+|\d"), behavior="removed", invert=True
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=[UNKNOWN], unk_token=UNKNOWN, max_piece_length=4
    )
    texts = [text for e in examples for text in (*e.questions, *e.texts)]
    tokenizer.train_from_iterator(texts, trainer)
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    # pieces come out in an order that differs from run to run: sorted, the model is reproducible
    pieces = sorted((piece, round(score, 6)) for piece, score in vocabulary if piece != UNKNOWN)
    tokenizer.model = models.Unigram([(UNKNOWN, 0.0), *pieces], unk_id=0)
    return tokenizer


def _latent_vectors(tokenizer: Tokenizer, examples: Sequence[_Example], dimension: int) -> Vectors:
    """Token vectors by SVD of the TF-IDF matrix of passages, scaled by IDF."""
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import TruncatedSVD

    size = tokenizer.get_vocab_size()
    rows, columns = [], []
    for row, example in enumerate(examples):
        for encoding in tokenizer.encode_batch([*example.questions, *example.texts]):
            columns += encoding.ids
            rows += [row] * len(encoding.ids)
    counts = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(examples), size))
    counts.data = 1 + np.log(counts.data)
    frequency = np.bincount(counts.indices, minlength=size)
    idf = np.log((1 + len(examples)) / (1 + frequency)).clip(0)
    weighted = counts.multiply(idf).tocsr()
    rank = min(dimension, min(weighted.shape) - 1)
    svd = TruncatedSVD(n_components=rank, random_state=0).fit(weighted)
    vectors = np.zeros((size, dimension), dtype=np.float32)
    components = svd.components_.T
    norms = np.linalg.norm(components, axis=1, keepdims=True)
    vectors[:, :rank] = components / np.where(norms == 0, 1, norms) * idf[:, None]
    mean = float(np.abs(vectors).mean()) or 1.0
    scaled: Vectors = vectors / (mean * dimension**0.5)
    return scaled


def _model(examples: Sequence[_Example], settings: TrainingSettings) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    torch.manual_seed(settings.seed)
    torch.set_num_threads(1)  # batches are small: more threads only wait for one another
    tokenizer = _tokenizer(examples, settings.vocabulary)
    vectors = _latent_vectors(tokenizer, examples, settings.dimension)
    module = StaticEmbedding(tokenizer, embedding_weights=vectors)
    return SentenceTransformer(modules=[module], device="cpu")


def _pairs(examples: Sequence[_Example], chance: random.Random) -> list[tuple[str, str]]:
    """One partner for each question: a sister question or a text of its article."""
    pairs = []
    for example in examples:
        for question in example.questions:
            sisters = [other for other in example.questions if other != question]
            partners = [chance.choice(example.texts)]
            if sisters:
                partners.append(chance.choice(sisters))
            pairs += [(question, partner) for partner in partners]
    chance.shuffle(pairs)
    return pairs


def _draw_together(
    model: SentenceTransformer,
    examples: Sequence[_Example],
    settings: TrainingSettings,
    progress: Progress,
) -> None:
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    loss = MultipleNegativesRankingLoss(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    chance = random.Random(settings.seed)
    epochs = [_pairs(examples, chance) for _ in range(settings.epochs)]
    size = settings.batch_size
    batches = [pairs[i : i + size] for pairs in epochs for i in range(0, len(pairs), size)]
    for done, batch in enumerate(batches, 1):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * (1 - (done - 1) / len(batches))
        features = [model.preprocess(list(side)) for side in zip(*batch, strict=True)]
        optimiser.zero_grad()
        loss(features, torch.zeros(0)).backward()
        optimiser.step()
        progress(done, len(batches))
