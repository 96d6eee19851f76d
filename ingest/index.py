"""The index: lexical (tantivy) and dense (FAISS) over faces, fused into passages.

A generation on disk is immutable: `lexical/`, `dense.faiss`, `faces.npy` and `manifest.json` with
the `last_seq` it was built up to. The file `CURRENT` names the generation in use and is replaced
by an atomic rename. Loading replays what the store wrote after `last_seq` into a small tail in
memory and masks what was removed, so the store alone decides what is found.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np
import numpy.typing as npt
import tantivy
from pydantic import BaseModel, ConfigDict

from corpus.errors import IngestError
from ingest.embed import Embedder, Vectors
from ingest.segment import normalise, terms
from ingest.store import FaceRows, PassageFilters, Store, StoredPassage

Mode = Literal["fused", "lexical", "dense"]

FLAT_LIMIT = 150_000
"""Faces up to which exact fp32 search is fast enough; above it an fp16 scan halves the memory."""
TAIL_LIMIT = 20_000
TAIL_SHARE = 0.05
"""A tail above either size makes `compact` worth its time."""
DEPTH = 100
"""Faces taken from each side before they are fused into passages."""

_SCHEMA_VERSION = 1


class FusionWeights(BaseModel):
    """How lexical and dense scores become one; fitted by `eval fit`, kept in `fusion.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    face_lexical: float
    """Weight of the BM25 of the best face, as a share of the highest found."""
    whole_lexical: float
    """Weight of the BM25 of the whole passage, as a share of the highest found."""
    face_dense: float
    """Weight of the cosine of the best face."""
    whole_dense: float
    """Weight of the cosine of the whole passage."""
    authority: float = 0.0
    """Taken from the score for each level below the highest."""
    unchecked: float = 0.0
    """Taken from the score of a text never held against an official one."""
    cases: str = ""
    """Digest of the tune cases the weights were fitted on."""


class Manifest(BaseModel):
    """What a generation holds, readable beside the binaries."""

    model_config = ConfigDict(frozen=True)

    schema_version: int
    model: str
    dimension: int
    faces: int
    last_seq: int
    dense_kind: str
    built_at: datetime


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, its fused score, and why it was found."""

    passage: StoredPassage
    score: float
    lexical: float
    """BM25 of its best face; 0 where no term matched."""
    dense: float
    """Cosine of its best face."""
    features: tuple[float, ...]
    """What the score was made of, in the order of FEATURES."""
    face: str
    """Text of the face that found it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which passages a search may return."""

    on: date
    """Only what is in force on that day."""
    region: str | None = None
    """Local texts of this province or city too; without it national ones alone."""
    kinds: tuple[str, ...] = ()
    """Only these kinds of passage; empty for all."""


FEATURES = ("face_lexical", "whole_lexical", "face_dense", "whole_dense")
"""Names of the scores that are fused, as in FusionWeights."""


@dataclass(slots=True)
class _Candidate:
    """A passage while its scores are collected."""

    lexical: float = 0.0
    whole_lexical: float = 0.0
    dense: float | None = None
    face: int = 0
    """Number of the best face."""


@dataclass(slots=True)
class _Segment:
    """Faces searchable both ways: the base on disk or the tail in memory."""

    seqs: npt.NDArray[np.int64]
    passages: npt.NDArray[np.int64]
    whole: npt.NDArray[np.bool_]
    lexical: tantivy.Index
    dense: Any
    searcher: tantivy.Searcher = field(init=False)
    whole_at: npt.NDArray[np.int64] = field(init=False)
    """Positions of the whole faces, in the order of their passages."""
    whole_rows: npt.NDArray[np.int64] = field(init=False)
    """Row numbers of the passages they belong to, ascending."""

    def __post_init__(self) -> None:
        self.lexical.reload()
        self.searcher = self.lexical.searcher()
        self.whole_at = np.flatnonzero(self.whole)
        self.whole_rows = np.asarray(self.passages)[self.whole_at]

    def search_lexical(
        self, query_terms: Sequence[str], depth: int, column: Literal["face", "whole"]
    ) -> tuple[list[int], list[float]]:
        """Return positions and BM25 scores of the best faces, or of the best whole passages."""
        schema = self.lexical.schema
        query = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, tantivy.Query.term_query(schema, column, term, "freq"))
                for term in query_terms
            ]
        )
        hits = self.searcher.search(query, depth, count=False).hits
        values = self.searcher.fast_field_values("position", [address for _, address in hits])
        return [int(value or 0) for value in values], [score for score, _ in hits]

    def search_dense(self, vector: Vectors, depth: int) -> tuple[list[int], list[float]]:
        """Return positions and cosines of the best faces."""
        if not len(self.seqs):
            return [], []
        scores, positions = self.dense.search(vector[None, :], min(depth, len(self.seqs)))
        return positions[0].tolist(), scores[0].tolist()

    def cosines(self, positions: npt.NDArray[np.int64], vector: Vectors) -> Vectors:
        """Compare some faces with a query."""
        rows: Vectors = self.dense.reconstruct_batch(positions)
        return rows @ vector

    def whole_cosines(self, rows: npt.NDArray[np.int64], vector: Vectors) -> Vectors:
        """Compare whole passages with a query; 0 for those of another segment."""
        return self._cosines_where(self.whole_rows, rows, vector, at=self.whole_at)

    def face_cosines(self, seqs: npt.NDArray[np.int64], vector: Vectors) -> Vectors:
        """Compare single faces with a query; 0 for those of another segment."""
        return self._cosines_where(self.seqs, seqs, vector)

    def _cosines_where(
        self,
        held: npt.NDArray[np.int64],
        wanted: npt.NDArray[np.int64],
        vector: Vectors,
        at: npt.NDArray[np.int64] | None = None,
    ) -> Vectors:
        cosines = np.zeros(len(wanted), np.float32)
        if not len(held):
            return cosines
        found = np.searchsorted(held, wanted).clip(max=len(held) - 1)
        here = held[found] == wanted
        positions = found[here] if at is None else at[found[here]]
        if len(positions):
            cosines[here] = self.cosines(positions, vector)
        return cosines


class Index:
    """Search over a store; `load` opens it, `refresh` catches up, `compact` rebuilds it."""

    def __init__(
        self, store: Store, embedder: Embedder, folder: Path, weights: FusionWeights | None = None
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._folder = folder
        self.weights = weights or load_fusion_weights()
        self._segments: list[_Segment] = []
        self._gone: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._filters: PassageFilters | None = None
        self._state: tuple[int, int] | None = None
        self._generation = ""
        self._allowed_cache: dict[Filter, npt.NDArray[np.bool_]] = {}

    @classmethod
    def load(cls, store: Store, embedder: Embedder, folder: Path) -> Index:
        """Open the current generation and replay what came after it.

        Raises IngestError where nothing was built or another model built it.
        """
        stored = store.fact("model")
        if stored is None:
            raise IngestError("还没有建立索引；请先运行 python -m ingest build")
        if stored != embedder.digest:
            raise IngestError(
                f"索引由模型 {stored} 建立，现在配置的是 {embedder.digest}；"
                "请运行 python -m ingest build 重建"
            )
        index = cls(store, embedder, folder)
        index.refresh()
        return index

    def refresh(self) -> bool:
        """Catch up with the store; returns whether anything had changed."""
        state = self._store.state()
        generation = _current(self._folder)
        if state == self._state and generation == self._generation:
            return False
        base, last_seq = (
            _open(self._folder / generation, self._embedder) if generation else (None, 0)
        )
        tail = self._store.faces(after=last_seq, dimension=self._embedder.dimension)
        segments = [base] if base else []
        if len(tail.seqs):
            segments.append(_segment(tail))
        self._segments = segments
        self._gone = np.sort(self._store.tombstones(up_to=last_seq))
        self._filters = self._store.filters()
        self._allowed_cache = {}
        self._state, self._generation = state, generation
        return True

    @property
    def faces(self) -> int:
        """How many faces are searched."""
        return sum(len(segment.seqs) for segment in self._segments) - len(self._gone)

    @property
    def needs_compaction(self) -> bool:
        """Whether the tail or the removals have grown enough to rebuild."""
        base = self._segments[0] if self._segments and self._generation else None
        held = len(base.seqs) if base else 0
        tail = self.faces + len(self._gone) - held
        return not base or max(tail, len(self._gone)) > max(TAIL_LIMIT // 20, held * TAIL_SHARE)

    def compact(self) -> Path:
        """Write a new generation from the store and switch to it; returns its folder."""
        folder = build_generation(self._store, self._embedder, self._folder)
        self.refresh()
        return folder

    def search(self, query: str, *, within: Filter, k: int = 10, mode: Mode = "fused") -> list[Hit]:
        """Find the `k` best passages for a question, best first."""
        query_terms = list(dict.fromkeys(terms(query)))
        vector = self._embedder.queries([normalise(query)])[0]
        allowed = self._allowed(within)
        candidates: dict[int, _Candidate] = {}
        for segment in self._segments:
            if query_terms and mode != "dense":
                for column in ("face", "whole"):
                    search = partial(segment.search_lexical, query_terms, column=column)
                    for position, score in self._kept(segment, search, allowed):
                        _note_lexical(candidates, segment, position, score, column)
            if mode != "lexical":
                search = partial(segment.search_dense, vector)
                for position, score in self._kept(segment, search, allowed):
                    _note_dense(candidates, segment, position, score)
        return self._ranked(candidates, vector, mode, k)

    def relevance(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text speaks to a query: mean of cosine and idf-weighted term coverage."""
        if not texts:
            return []
        vectors = self._embedder.passages([normalise(text) for text in texts])
        cosines = vectors @ self._embedder.queries([normalise(query)])[0]
        return [
            (float(cosine) + self.coverage(query, [text])) / 2
            for cosine, text in zip(cosines, texts, strict=True)
        ]

    def coverage(self, query: str, texts: Sequence[str]) -> float:
        """Share of the query's terms, weighted by idf, that stand in the texts; 0 to 1."""
        weights = {term: self.idf(term) for term in terms(query)}
        held = {term for text in texts for term in terms(text)}
        total = sum(weights.values())
        return sum(w for term, w in weights.items() if term in held) / total if total else 0.0

    def unknown(self, query: str) -> float:
        """Share of the query's terms, weighted by idf, that no face has; 0 to 1."""
        weights = {term: self.idf(term) for term in terms(query)}
        most = math.log(1 + (self.faces + 0.5) / 0.5)
        total = sum(weights.values())
        return sum(w for w in weights.values() if w >= most - 1e-9) / total if total else 1.0

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term over faces, as BM25 has it."""
        found = sum(s.searcher.doc_freq("face", term) for s in self._segments)
        return math.log(1 + (self.faces - found + 0.5) / (found + 0.5))

    def _allowed(self, within: Filter) -> npt.NDArray[np.bool_]:
        """Mask over passage rows, indexed by row number."""
        if within in self._allowed_cache:
            return self._allowed_cache[within]
        filters = self._filters
        assert filters is not None
        day = within.on.toordinal()
        mask = (filters.valid_from <= day) & (day < filters.valid_until)
        regions = ["CN", within.region] if within.region else ["CN"]
        mask &= np.isin(filters.regions, regions)
        if within.kinds:
            mask &= np.isin(filters.kinds, within.kinds)
        allowed = np.zeros(int(filters.rows.max(initial=0)) + 1, np.bool_)
        allowed[filters.rows] = mask
        if len(self._allowed_cache) > 64:
            self._allowed_cache.clear()
        self._allowed_cache[within] = allowed
        return allowed

    def _kept(
        self,
        segment: _Segment,
        search: Callable[[int], tuple[list[int], list[float]]],
        allowed: npt.NDArray[np.bool_],
    ) -> list[tuple[int, float]]:
        """Best faces of allowed passages, looking deeper while filters leave too few."""
        depth = DEPTH
        while True:
            positions, scores = search(depth)
            at = np.array(positions, np.int64)
            rows = segment.passages[at]
            known = rows < len(allowed)
            kept = known & allowed[np.where(known, rows, 0)]
            if len(self._gone) and len(at):
                seqs = segment.seqs[at]
                found = np.searchsorted(self._gone, seqs).clip(max=len(self._gone) - 1)
                kept &= self._gone[found] != seqs
            enough = int(kept.sum()) >= DEPTH // 2
            if enough or len(positions) < depth or depth >= len(segment.seqs):
                break
            depth *= 4
        return [(p, s) for p, s, keep in zip(positions, scores, kept, strict=True) if keep]

    def _ranked(
        self, candidates: dict[int, _Candidate], vector: Vectors, mode: Mode, k: int
    ) -> list[Hit]:
        if not candidates:
            return []
        scored = self._features(candidates, vector)
        highest = [max((f[side] for f in scored.values()), default=0.0) or 1.0 for side in (0, 1)]
        weights = [getattr(self.weights, name) for name in FEATURES]
        if mode != "fused":
            weights = [
                w if (mode in name) else 0.0 for name, w in zip(FEATURES, weights, strict=True)
            ]
        shares = {
            row: (f[0] / highest[0], f[1] / highest[1], f[2], f[3]) for row, f in scored.items()
        }
        scores = {
            row: sum(w * value for w, value in zip(weights, share, strict=True))
            for row, share in shares.items()
        }
        best = sorted(scores, key=lambda row: -scores[row])[: k * 2]
        passages = self._store.passages(best)
        texts = self._store.face_texts([candidates[row].face for row in passages])
        hits = [
            Hit(
                passage=passage,
                score=scores[row] + self._prior(passage),
                lexical=scored[row][0],
                dense=scored[row][2],
                features=shares[row],
                face=texts.get(candidates[row].face, ""),
            )
            for row, passage in passages.items()
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))[:k]

    def _features(
        self, candidates: dict[int, _Candidate], vector: Vectors
    ) -> dict[int, tuple[float, float, float, float]]:
        """Return the scores of FEATURES, with the cosines that the dense side did not find."""
        rows = np.array(list(candidates), np.int64)
        seqs = np.array([candidate.face for candidate in candidates.values()], np.int64)
        whole = np.zeros(len(rows), np.float32)
        face = np.array([candidate.dense or 0.0 for candidate in candidates.values()], np.float32)
        for segment in self._segments:
            whole = np.maximum(whole, segment.whole_cosines(rows, vector))
            face = np.maximum(face, segment.face_cosines(seqs, vector))
        return {
            row: (candidate.lexical, candidate.whole_lexical, float(face[n]), float(whole[n]))
            for n, (row, candidate) in enumerate(candidates.items())
        }

    def _prior(self, passage: StoredPassage) -> float:
        """Say what a passage is worth before any question: see FusionWeights."""
        low, unchecked = prior_features(passage)
        return -self.weights.authority * low - self.weights.unchecked * unchecked


def prior_features(passage: StoredPassage) -> tuple[int, int]:
    """Levels below the highest authority, and whether the text was never checked."""
    return passage.document.level - 1, int(passage.document.checked is None)


def _note_lexical(
    candidates: dict[int, _Candidate], segment: _Segment, position: int, score: float, column: str
) -> None:
    candidate = candidates.setdefault(int(segment.passages[position]), _Candidate())
    if column == "whole":
        candidate.whole_lexical = max(candidate.whole_lexical, score)
    elif score > candidate.lexical:
        candidate.lexical, candidate.face = score, int(segment.seqs[position])


def _note_dense(
    candidates: dict[int, _Candidate], segment: _Segment, position: int, score: float
) -> None:
    candidate = candidates.setdefault(int(segment.passages[position]), _Candidate())
    if candidate.dense is None or score > candidate.dense:
        candidate.dense = score
        if not candidate.lexical and not segment.whole[position]:
            candidate.face = int(segment.seqs[position])


def load_fusion_weights(path: Path = Path(__file__).parent / "fusion.json") -> FusionWeights:
    """Read the fitted weights."""
    return FusionWeights.model_validate_json(path.read_text(encoding="utf-8"))


def build_generation(store: Store, embedder: Embedder, folder: Path) -> Path:
    """Write a new generation from the store and make it current.

    Built under a temporary name and renamed whole, so that a kill at any moment leaves the old
    generation or the new one. The previous generation stays for readers that still hold it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faces = store.faces(dimension=embedder.dimension)
    last_seq = store.last_seq()
    target = folder / f"{last_seq:09d}-{secrets.token_hex(3)}"
    unfinished = target.with_name(f".{target.name}.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "lexical").mkdir(parents=True)
    lexical = tantivy.Index(_lexical_schema(), path=str(unfinished / "lexical"))
    _fill(lexical, faces)
    dense = _dense_index(faces.vectors)
    faiss.write_index(dense, str(unfinished / "dense.faiss"))
    np.save(unfinished / "faces.npy", np.stack([faces.seqs, faces.passages, faces.whole]))
    manifest = Manifest(
        schema_version=_SCHEMA_VERSION,
        model=embedder.digest,
        dimension=embedder.dimension,
        faces=len(faces.seqs),
        last_seq=last_seq,
        dense_kind=type(dense).__name__,
        built_at=datetime.now(UTC),
    )
    (unfinished / "manifest.json").write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    unfinished.rename(target)
    previous = _current(folder)
    _switch(folder, target.name)
    store.clear_tombstones(up_to=last_seq)
    _sweep(folder, keep={target.name, previous})
    return target


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of the current generation below `folder`, None where there is none."""
    generation = _current(folder)
    if not generation:
        return None
    text = (folder / generation / "manifest.json").read_text(encoding="utf-8")
    return Manifest.model_validate_json(text)


def _current(folder: Path) -> str:
    try:
        name = (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    return name if (folder / name / "manifest.json").exists() else ""


def _switch(folder: Path, name: str) -> None:
    pointer = folder / f".CURRENT-{secrets.token_hex(3)}"
    with pointer.open("w", encoding="utf-8") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(folder / "CURRENT")


def _sweep(folder: Path, keep: set[str]) -> None:
    """Remove generations nobody needs: all but the current and the one before it."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)


def _open(folder: Path, embedder: Embedder) -> tuple[_Segment | None, int]:
    """Open a generation; one of another model holds nothing that can be compared."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["schema_version"] != _SCHEMA_VERSION or manifest["model"] != embedder.digest:
            return None, 0
        seqs, passages, whole = np.load(folder / "faces.npy", mmap_mode="r", allow_pickle=False)
        lexical = tantivy.Index.open(str(folder / "lexical"))
        dense = faiss.read_index(str(folder / "dense.faiss"))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise IngestError(
            f"索引 {folder.name} 损坏（{error}）；请运行 python -m ingest build 重建"
        ) from error
    segment = _Segment(seqs, passages, whole.astype(np.bool_), lexical, dense)
    return segment, int(manifest["last_seq"])


def _segment(faces: FaceRows) -> _Segment:
    """Make faces searchable in memory."""
    lexical = tantivy.Index(_lexical_schema())
    _fill(lexical, faces)
    dense = _dense_index(faces.vectors)
    return _Segment(faces.seqs, faces.passages, faces.whole, lexical, dense)


def _lexical_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for column in ("face", "whole"):
        builder.add_text_field(column, tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field("position", fast=True)
    return builder.build()


def _fill(lexical: tantivy.Index, faces: FaceRows) -> None:
    """Index each face in the column it is searched by: single faces apart from whole passages."""
    writer = lexical.writer(heap_size=64_000_000, num_threads=1)
    for position, (text, whole) in enumerate(zip(faces.texts, faces.whole, strict=True)):
        column = "whole" if whole else "face"
        writer.add_document(tantivy.Document(**{column: " ".join(terms(text))}, position=position))
    writer.commit()
    writer.wait_merging_threads()


def _dense_index(vectors: Vectors) -> Any:
    """Exact search while it is fast; above that an fp16 scan, which needs no training."""
    dimension = vectors.shape[1]
    index: Any
    if len(vectors) <= FLAT_LIMIT:
        index = faiss.IndexFlatIP(dimension)
    else:
        index = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
    index.add(np.ascontiguousarray(vectors))
    return index
