"""The library: documents, passages and faces in a database, the only truth.

Faces carry a rising `seq`. A face is never changed: a changed document loses its faces, whose
numbers go to `tombstones`, and gets new ones. An index built up to some `seq` catches up by
reading what came after it. Knows nothing about how faces are searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import Row, make_url

from corpus.errors import IngestError
from corpus.provision import Locator, Marks, Yielding
from ingest.document import Document, Face, Passage, PassageKind
from ingest.embed import Vectors

_metadata = MetaData()

_documents = Table(
    "documents",
    _metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("short", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("number", Text),
    Column("region", String, nullable=False),
    Column("level", Integer, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("source", Text, nullable=False),
    Column("href", Text, nullable=False),
    Column("version", Date),
    Column("checked", Date),
    Column("note", Text),
    Column("origin", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("added_at", DateTime, nullable=False),
)

_passages = Table(
    "passages",
    _metadata,
    Column("row", Integer, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("document", ForeignKey("documents.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("label", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("provision", String, index=True),
    Column("page", Integer),
    Column("marks", Text, nullable=False),
    Column("rests_on", Text, nullable=False),
    sqlite_autoincrement=True,
)

_faces = Table(
    "faces",
    _metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("passage", ForeignKey("passages.row"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

_tombstones = Table("tombstones", _metadata, Column("seq", Integer, primary_key=True))

_facts = Table("facts", _metadata, Column("name", String, primary_key=True), Column("value", Text))

_READ_AHEAD = 5_000


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document's provenance, without its passages."""

    id: str
    title: str
    short: str
    kind: str
    issuer: str
    number: str | None
    region: str
    level: int
    valid_from: date | None
    valid_until: date | None
    source: str
    href: str
    version: date | None
    checked: date | None
    note: str | None
    origin: str
    digest: str


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage with the document it belongs to."""

    row: int
    id: str
    kind: PassageKind
    label: str
    title: str
    text: str
    provision: str | None
    page: int | None
    marks: Marks
    rests_on: tuple[str, ...]
    document: StoredDocument


@dataclass(frozen=True, slots=True)
class FaceRows:
    """Faces in column form: one entry of each array for each face."""

    seqs: npt.NDArray[np.int64]
    passages: npt.NDArray[np.int64]
    """`row` of the passage each face belongs to."""
    whole: npt.NDArray[np.bool_]
    """Which faces hold all others of their passage."""
    texts: list[str]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class PassageFilters:
    """What a search filters by, in column form, sorted by `row`."""

    rows: npt.NDArray[np.int64]
    valid_from: npt.NDArray[np.int64]
    valid_until: npt.NDArray[np.int64]
    """Ordinals of days; open ends are 0 and the largest ordinal."""
    regions: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]


class Store:
    """The library behind one SQLAlchemy URL.

    Raises IngestError where the database was made by another version of this project.
    """

    def __init__(self, url: str) -> None:
        location = make_url(url)
        sqlite = location.get_backend_name() == "sqlite"
        if sqlite and location.database and location.database != ":memory:":
            Path(location.database).parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(url)
        if sqlite:
            event.listen(self._engine, "connect", _configure_sqlite)
        _metadata.create_all(self._engine)
        held = {column["name"] for column in inspect(self._engine).get_columns("documents")}
        if held != set(_documents.c.keys()):
            self.close()
            raise IngestError(
                f"{location.render_as_string()} 由另一个版本的问法建立；请把它移走，"
                "运行 python -m ingest build，再重新导入自己的文档"
            )

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def sync(
        self,
        documents: Sequence[Document],
        vectors: dict[str, Vectors],
        *,
        facts: dict[str, str],
        remove: Iterable[str] = (),
    ) -> None:
        """Write changed documents and drop removed ones, all or nothing.

        `vectors` holds, for each document id, one row for each face in the order of its passages.
        """
        with self._engine.begin() as connection:
            for name in remove:
                _drop(connection, name)
            for document in documents:
                _drop(connection, document.id)
                _write(connection, document, vectors[document.id])
            for name, value in facts.items():
                connection.execute(delete(_facts).where(_facts.c.name == name))
                connection.execute(insert(_facts).values(name=name, value=value))

    def fact(self, name: str) -> str | None:
        """Return something remembered about the library, such as the model's digest."""
        with self._engine.connect() as connection:
            query = select(_facts.c.value).where(_facts.c.name == name)
            return cast(str | None, connection.scalar(query))

    def documents(self) -> list[StoredDocument]:
        """Return every document, bundled ones first."""
        order = (_documents.c.origin, _documents.c.level, _documents.c.id)
        with self._engine.connect() as connection:
            return [
                _document(row) for row in connection.execute(select(_documents).order_by(*order))
            ]

    def load(self, name: str) -> Document:
        """Return a document whole, with its passages and faces, as it was written."""
        with self._engine.connect() as connection:
            head = connection.execute(select(_documents).where(_documents.c.id == name)).one()
            rows = connection.execute(
                select(_passages).where(_passages.c.document == name).order_by(_passages.c.row)
            ).all()
            passages = []
            for row in rows:
                query = select(_faces).where(_faces.c.passage == row.row).order_by(_faces.c.seq)
                faces = tuple(Face(face.kind, face.text) for face in connection.execute(query))
                passages.append(
                    Passage(
                        id=row.id,
                        kind=row.kind,
                        label=row.label,
                        title=row.title,
                        text=row.text,
                        provision=row.provision,
                        page=row.page,
                        marks=_load_marks(row.marks),
                        rests_on=tuple(json.loads(row.rests_on)),
                        faces=faces,
                    )
                )
        stored = {name: getattr(head, name) for name in StoredDocument.__slots__}
        return Document(**stored, passages=tuple(passages))

    def digests(self) -> dict[str, str]:
        """Return the digest of each document by its id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(_documents.c.id, _documents.c.digest))
            return {row.id: row.digest for row in rows}

    def origins(self) -> dict[str, str]:
        """Return where each document came from, by its id."""
        return {document.id: document.origin for document in self.documents()}

    def passages(self, rows: Sequence[int]) -> dict[int, StoredPassage]:
        """Return passages by their row numbers; one that is gone is left out."""
        return {p.row: p for p in self._select(_passages.c.row.in_(list(rows)))}

    def passages_of_provision(self, provision: str) -> list[StoredPassage]:
        """Return every version of one article, newest first."""
        found = self._select(_passages.c.provision == provision)
        return sorted(found, key=lambda p: p.document.valid_from or date.min, reverse=True)

    def passages_by_id(self, ids: Sequence[str]) -> list[StoredPassage]:
        """Return passages in the order of their ids; one that is gone is left out."""
        found = {p.id: p for p in self._select(_passages.c.id.in_(list(ids)))}
        return [found[name] for name in dict.fromkeys(ids) if name in found]

    def texts(self) -> Iterator[tuple[str, str]]:
        """Id and text of every passage, to prove quotes against."""
        with self._engine.connect() as connection:
            for row in connection.execute(select(_passages.c.id, _passages.c.text)):
                yield row.id, row.text

    def _select(self, condition: Any) -> list[StoredPassage]:
        query = select(_passages, *(c.label(f"d_{c.name}") for c in _documents.c)).join(
            _documents, _documents.c.id == _passages.c.document
        )
        with self._engine.connect() as connection:
            return [_passage(row) for row in connection.execute(query.where(condition))]

    def face_texts(self, seqs: Sequence[int]) -> dict[int, str]:
        """Return the texts of faces by their numbers."""
        query = select(_faces.c.seq, _faces.c.text).where(_faces.c.seq.in_(list(seqs)))
        with self._engine.connect() as connection:
            return {row.seq: row.text for row in connection.execute(query)}

    def faces(self, *, after: int = 0, dimension: int) -> FaceRows:
        """Return every face numbered above `after`, in order."""
        query = select(_faces).where(_faces.c.seq > after).order_by(_faces.c.seq)
        seqs: list[int] = []
        passages: list[int] = []
        whole: list[bool] = []
        texts: list[str] = []
        chunks: list[bytes] = []
        with self._engine.connect() as connection:
            streamed = connection.execution_options(yield_per=_READ_AHEAD).execute(query)
            for row in streamed:
                seqs.append(row.seq)
                passages.append(row.passage)
                whole.append(row.kind == "whole")
                texts.append(row.text)
                chunks.append(row.vector)
        vectors = np.frombuffer(b"".join(chunks), dtype=np.float32).reshape(-1, dimension)
        return FaceRows(
            seqs=np.array(seqs, np.int64),
            passages=np.array(passages, np.int64),
            whole=np.array(whole, np.bool_),
            texts=texts,
            vectors=vectors,
        )

    def last_seq(self) -> int:
        """Return the highest number a face or a tombstone has."""
        with self._engine.connect() as connection:
            highest = [connection.scalar(select(func.max(t.c.seq))) for t in (_faces, _tombstones)]
        return max(value or 0 for value in highest)

    def state(self) -> tuple[int, int]:
        """Return a value that changes with every write: highest face, count of tombstones."""
        with self._engine.connect() as connection:
            faces = connection.scalar(select(func.max(_faces.c.seq)))
            gone = connection.scalar(select(func.count()).select_from(_tombstones))
        return faces or 0, gone or 0

    def tombstones(self, *, up_to: int) -> npt.NDArray[np.int64]:
        """Return the numbers of removed faces that an index built up to `up_to` may still hold."""
        query = select(_tombstones.c.seq).where(_tombstones.c.seq <= up_to)
        with self._engine.connect() as connection:
            return np.array(connection.scalars(query).all(), np.int64)

    def clear_tombstones(self, *, up_to: int) -> None:
        """Forget removals that no index holds any more."""
        with self._engine.begin() as connection:
            connection.execute(delete(_tombstones).where(_tombstones.c.seq <= up_to))

    def filters(self) -> PassageFilters:
        """Return validity, region and kind of every passage."""
        query = (
            select(
                _passages.c.row,
                _passages.c.kind,
                _documents.c.valid_from,
                _documents.c.valid_until,
                _documents.c.region,
            )
            .join(_documents, _documents.c.id == _passages.c.document)
            .order_by(_passages.c.row)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        starts = [row.valid_from.toordinal() if row.valid_from else 0 for row in rows]
        ends = [(row.valid_until or date.max).toordinal() for row in rows]
        return PassageFilters(
            np.array([row.row for row in rows], np.int64),
            np.array(starts, np.int64),
            np.array(ends, np.int64),
            np.array([row.region for row in rows], np.str_),
            np.array([row.kind for row in rows], np.str_),
        )

    def counts(self) -> dict[str, int]:
        """Return the number of documents, passages and faces."""
        tables = {"documents": _documents, "passages": _passages, "faces": _faces}
        with self._engine.connect() as connection:
            return {
                name: connection.scalar(select(func.count()).select_from(table)) or 0
                for name, table in tables.items()
            }


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA busy_timeout=10000")


def _drop(connection: Connection, document: str) -> None:
    rows = select(_passages.c.row).where(_passages.c.document == document)
    gone = select(_faces.c.seq).where(_faces.c.passage.in_(rows))
    connection.execute(insert(_tombstones).from_select(["seq"], gone))
    connection.execute(delete(_faces).where(_faces.c.passage.in_(rows)))
    connection.execute(delete(_passages).where(_passages.c.document == document))
    connection.execute(delete(_documents).where(_documents.c.id == document))


def _write(connection: Connection, document: Document, vectors: Vectors) -> None:
    values = {
        column.name: getattr(document, column.name)
        for column in _documents.c
        if column.name != "added_at"
    }
    connection.execute(insert(_documents).values(**values, added_at=datetime.now()))
    row = 0
    for passage in document.passages:
        number = connection.execute(insert(_passages).values(**_columns(document.id, passage)))
        key = number.inserted_primary_key
        assert key is not None
        faces = [
            {
                "passage": key[0],
                "kind": face.kind,
                "text": face.text,
                "vector": vectors[row + offset].astype(np.float32).tobytes(),
            }
            for offset, face in enumerate(passage.faces)
        ]
        row += len(faces)
        if faces:
            connection.execute(insert(_faces), faces)


def _columns(document: str, passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.id,
        "document": document,
        "kind": passage.kind,
        "label": passage.label,
        "title": passage.title,
        "text": passage.text,
        "provision": passage.provision,
        "page": passage.page,
        "marks": _dump_marks(passage.marks),
        "rests_on": json.dumps(passage.rests_on),
    }


def _dump_marks(marks: Marks) -> str:
    yields = [
        (str(y.target), y.why, y.since and y.since.isoformat(), y.paragraph, y.item)
        for y in marks.yields
    ]
    content = {"yields": yields, "regional": marks.regional, "practices": marks.practices}
    return json.dumps(content, ensure_ascii=False) if any(content.values()) else ""


def _load_marks(text: str) -> Marks:
    if not text:
        return Marks()
    content = json.loads(text)
    yields = tuple(
        Yielding(Locator.parse(target), why, date.fromisoformat(since) if since else None, *place)
        for target, why, since, *place in content["yields"]
    )
    return Marks(yields, tuple(content["regional"]), tuple(content["practices"]))


def _document(row: Row[Any], prefix: str = "") -> StoredDocument:
    names = StoredDocument.__slots__
    return StoredDocument(**{name: getattr(row, prefix + name) for name in names})


def _passage(row: Row[Any]) -> StoredPassage:
    return StoredPassage(
        row=row.row,
        id=row.id,
        kind=row.kind,
        label=row.label,
        title=row.title,
        text=row.text,
        provision=row.provision,
        page=row.page,
        marks=_load_marks(row.marks),
        rests_on=tuple(json.loads(row.rests_on)),
        document=_document(row, "d_"),
    )
