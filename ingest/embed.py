"""Text -> vectors. A lone static model is read without torch, any other by its library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from corpus.errors import IngestError
from ingest.segment import normalise

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns text into rows of unit length, so that a dot product is a cosine."""

    digest: str
    """Names the model: vectors of two digests are never compared."""
    dimension: int

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed what people ask; shape (len(texts), dimension)."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed what is searched; shape (len(texts), dimension)."""


class StaticEmbedder:
    """Mean of token vectors, read from a saved StaticEmbedding without importing torch."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        module = folder / "0_StaticEmbedding"
        module = module if module.is_dir() else folder
        self._tokenizer = Tokenizer.from_file(str(module / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        weights = load_file(module / "model.safetensors")["embedding.weight"]
        self._weights: Vectors = weights.astype(np.float32)
        self.dimension = int(self._weights.shape[1])
        self.digest = f"static-{_file_digest(module / 'model.safetensors')}"

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed what people ask; shape (len(texts), dimension)."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        plain = [normalise(text) for text in texts]
        encodings = self._tokenizer.encode_batch(plain, add_special_tokens=False)
        for row, encoding in zip(rows, encodings, strict=True):
            if encoding.ids:
                row[:] = self._weights[encoding.ids].mean(axis=0)
        return unit(rows)

    passages = queries


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, with its own query and passage prompts."""

    def __init__(self, name: str, *, device: str | None = None, batch_size: int = 64) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(name, device=device)
        except (OSError, ValueError) as error:
            raise IngestError(
                f"打不开嵌入模型 {name}：{error}；"
                "请检查 WENFA_EMBEDDING_MODEL，或清空它以使用自带模型"
            ) from error
        self._batch_size = batch_size
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise IngestError(f"嵌入模型 {name} 没有固定的维数，不能用于检索")
        self.dimension = int(dimension)
        self.digest = f"{name}-{self.dimension}"

    def _encode(self, texts: Sequence[str], kind: str) -> Vectors:
        encode = getattr(self._model, f"encode_{kind}")
        rows = encode([normalise(text) for text in texts], batch_size=self._batch_size)
        return unit(np.asarray(rows, dtype=np.float32))

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed what people ask; shape (len(texts), dimension)."""
        return self._encode(texts, "query")

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed what is searched; shape (len(texts), dimension)."""
        return self._encode(texts, "document")


def load_embedder(name: str, *, device: str | None = None, batch_size: int = 64) -> Embedder:
    """Open a model by folder or name; a folder holding one StaticEmbedding needs no torch."""
    folder = Path(name)
    if is_static(folder):
        return StaticEmbedder(folder)
    return SentenceTransformerEmbedder(name, device=device, batch_size=batch_size)


def is_static(folder: Path) -> bool:
    """Whether a folder holds exactly one StaticEmbedding module."""
    try:
        modules: list[dict[str, Any]] = json.loads((folder / "modules.json").read_text("utf-8"))
    except OSError:
        return False
    return len(modules) == 1 and modules[0]["type"].endswith(".StaticEmbedding")


def unit(rows: Vectors) -> Vectors:
    """Scale each row to length one; a row of zeros stays as it is."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
