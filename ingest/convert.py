"""A file of a user -> a document with clean text: PDF page by page, Markdown and plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from corpus.errors import IngestError
from ingest.document import FILE_LEVEL, Document, Face, Passage, digest_of, with_whole

PASSAGE_LENGTH = 600
"""Characters after which a passage ends at the next paragraph."""

_ENCODINGS = ("utf-8-sig", "gb18030", "big5")


def read_document(path: Path) -> Document:
    """Read a file; raises IngestError that names the file, the fault and the cure."""
    if not path.is_file():
        raise IngestError(f"找不到文件 {path}")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = "、".join(sorted(_READERS))
        raise IngestError(f"{path.name}：还不认识这种格式；支持 {known}，请先另存为其中一种")
    pages = [(page, text) for page, text in reader(path) if text.strip()]
    if not pages:
        raise IngestError(f"{path.name}：没有可读的文字；若是扫描件，请先做文字识别")
    title = path.stem
    digest = digest_of(title, pages)
    name = f"file:{digest}"
    passages = tuple(_passages(name, title, pages))
    return Document(
        id=name,
        title=title,
        short=title,
        kind="file",
        region="CN",
        level=FILE_LEVEL,
        valid_from=None,
        valid_until=None,
        source=path.name,
        digest=digest,
        origin="user",
        passages=passages,
    )


def _pdf(path: Path) -> Iterator[tuple[int | None, str]]:
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise IngestError(f"{path.name}：文件有密码；请先去掉密码再导入")
        for number, page in enumerate(reader.pages, 1):
            yield number, page.extract_text()
    except PyPdfError as error:
        raise IngestError(f"{path.name}：PDF 已损坏（{error}）；请重新导出后再导入") from error


def _text(path: Path) -> Iterator[tuple[int | None, str]]:
    content = path.read_bytes()
    for encoding in _ENCODINGS:
        try:
            yield None, content.decode(encoding)
            return
        except UnicodeDecodeError:
            continue
    raise IngestError(f"{path.name}：认不出文字编码；请另存为 UTF-8 文本")


_READERS: dict[str, Callable[[Path], Iterator[tuple[int | None, str]]]] = {
    ".pdf": _pdf,
    ".md": _text,
    ".txt": _text,
}


def _passages(document: str, title: str, pages: list[tuple[int | None, str]]) -> Iterator[Passage]:
    number = 0
    for page, text in pages:
        for chunk in _chunks(text):
            number += 1
            label = f"第 {page} 页" if page else f"第 {number} 段"
            faces = with_whole((Face("title", title), Face("text", chunk)))
            yield Passage(
                f"{document}/{number}", "page", label, title, chunk, page=page, faces=faces
            )


def _chunks(text: str) -> Iterator[str]:
    """Group paragraphs into passages; a paragraph is never cut."""
    chunk: list[str] = []
    for paragraph in filter(None, (re.sub(r"\s+", " ", p).strip() for p in text.splitlines())):
        chunk.append(paragraph)
        if sum(map(len, chunk)) >= PASSAGE_LENGTH:
            yield "\n".join(chunk)
            chunk = []
    if chunk:
        yield "\n".join(chunk)
