"""The whole of ingestion: build the library from the corpus, add and remove documents, open it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import IngestError
from corpus.reader import read_corpus
from ingest.convert import read_document
from ingest.document import Document, corpus_documents
from ingest.embed import Embedder, Vectors, load_embedder
from ingest.index import Index, build_generation, read_manifest
from ingest.settings import IngestSettings
from ingest.store import Store
from ingest.train import train

Progress = Callable[[str, int, int], None]
"""Called with the stage, what is done and what there is to do."""


def _silent(stage: str, done: int, total: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Library:
    """A store, its index and the model that both were made with."""

    store: Store
    embedder: Embedder
    index: Index

    def close(self) -> None:
        """Give back files and connections."""
        self.store.close()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a build or an addition did."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def open_library(settings: IngestSettings) -> Library:
    """Open what was built; raises IngestError saying what to run where nothing was."""
    store = Store(settings.library_url)
    name = settings.embedding_model or store.fact("model_folder")
    if not name or (not settings.embedding_model and not Path(name).exists()):
        store.close()
        raise IngestError("还没有建立索引；请先运行 python -m ingest build")
    embedder = _embedder(settings, name)
    return Library(store, embedder, Index.load(store, embedder, settings.index_folder))


def build(settings: IngestSettings, progress: Progress = _silent) -> Changes:
    """Bring library and index to the state of the corpus; imported documents stay.

    Only what changed is written. Where the model changed, every vector is made anew.
    """
    with _writing(settings):
        documents = list(corpus_documents(read_corpus()))
        name = settings.embedding_model or str(_trained(settings, documents, progress))
        embedder = _embedder(settings, name)
        store = Store(settings.library_url)
        try:
            facts = {"model": embedder.digest, "model_folder": name}
            changed_model = store.fact("model") != embedder.digest
            digests, origins = store.digests(), store.origins()
            bundled = {document.id for document in documents}
            gone = [d for d, origin in origins.items() if origin == "corpus" and d not in bundled]
            if changed_model:
                documents += [store.load(d) for d, origin in origins.items() if origin == "user"]
            stale = [d for d in documents if changed_model or digests.get(d.id) != d.digest]
            if stale or gone:
                vectors = _embed(embedder, stale, progress)
                store.sync(stale, vectors, facts=facts, remove=gone)
            manifest = read_manifest(settings.index_folder)
            built = manifest and (manifest.model, manifest.last_seq)
            if built != (embedder.digest, store.last_seq()):
                progress("建立索引", 0, 1)
                build_generation(store, embedder, settings.index_folder)
                progress("建立索引", 1, 1)
        finally:
            store.close()
    written = tuple(document.id for document in stale)
    return Changes(written, tuple(gone), len(documents) - len(stale))


def add(settings: IngestSettings, paths: Sequence[Path], progress: Progress = _silent) -> Changes:
    """Import documents; a document that is already held unchanged is left as it is."""
    documents = [read_document(path) for path in paths]
    with _writing(settings):
        library = open_library(settings)
        try:
            digests = library.store.digests()
            fresh = [
                document for document in documents if digests.get(document.id) != document.digest
            ]
            library.store.sync(fresh, _embed(library.embedder, fresh, progress), facts={})
            _settle(library)
        finally:
            library.close()
    return Changes(tuple(d.id for d in fresh), (), len(documents) - len(fresh))


def remove(settings: IngestSettings, ids: Sequence[str]) -> Changes:
    """Remove imported documents by id; raises IngestError where one is bundled or unknown."""
    with _writing(settings):
        library = open_library(settings)
        try:
            origins = library.store.origins()
            for name in ids:
                if name not in origins:
                    raise IngestError(f"没有编号为 {name} 的文档；用 python -m ingest list 查看")
                if origins[name] == "corpus":
                    raise IngestError(f"{name} 是自带的知识库正文，不能移除；要改请编辑 corpus/")
            library.store.sync([], {}, facts={}, remove=ids)
            _settle(library, always=True)
        finally:
            library.close()
    return Changes((), tuple(ids), 0)


def _settle(library: Library, *, always: bool = False) -> None:
    """Rebuild the index where the tail has grown, or where removed text must leave the disk."""
    library.index.refresh()
    if always or library.index.needs_compaction:
        library.index.compact()


def _writing(settings: IngestSettings) -> _Lock:
    return _Lock(settings.home)


class _Lock:
    """One writer at a time; readers are never held up."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK):
            raise IngestError(f"不能写入 {home}；请检查权限，或用 WENFA_HOME 指定别的文件夹")
        self._lock = FileLock(home / ".writing", timeout=10)

    def __enter__(self) -> None:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise IngestError("另一个程序正在更新知识库；请等它结束后再试") from error

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _trained(settings: IngestSettings, documents: Sequence[Document], progress: Progress) -> Path:
    return train(
        documents,
        settings.model_folder,
        progress=lambda done, total: progress("训练嵌入模型", done, total),
    )


def _embedder(settings: IngestSettings, name: str) -> Embedder:
    return load_embedder(
        name, device=settings.embedding_device, batch_size=settings.embedding_batch_size
    )


def _embed(
    embedder: Embedder, documents: Sequence[Document], progress: Progress
) -> dict[str, Vectors]:
    vectors = {}
    for done, document in enumerate(documents, 1):
        texts = [face.text for passage in document.passages for face in passage.faces]
        vectors[document.id] = embedder.passages(texts)
        progress("计算向量", done, len(documents))
    return vectors
