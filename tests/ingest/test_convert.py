from pathlib import Path

import pytest

from corpus.errors import IngestError
from ingest.convert import read_document


def write_pdf(path: Path, texts: list[str], password: str | None = None) -> None:
    """A PDF whose pages say the given words."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in texts:
        page = writer.add_blank_page(300, 300)
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(path)


def test_pages_of_a_pdf_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rules.pdf"
    write_pdf(path, ["First page rules", "Second page rules"])
    passages = read_document(path).passages
    assert [(p.page, p.label, p.text) for p in passages] == [
        (1, "第 1 页", "First page rules"),
        (2, "第 2 页", "Second page rules"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_of_any_chinese_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "通知.txt"
    path.write_bytes("工会经费怎么报销。".encode(encoding))
    assert read_document(path).passages[0].text == "工会经费怎么报销。"


def test_the_same_words_are_the_same_document(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        (folder / "通知.txt").write_text("同样的话。", encoding="utf-8")
    assert read_document(first / "通知.txt").id == read_document(second / "通知.txt").id


def test_long_text_is_cut_between_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "长文.md"
    path.write_text("\n".join(f"第{n}段。" + "字" * 300 for n in range(6)), encoding="utf-8")
    passages = read_document(path).passages
    assert len(passages) == 3
    assert all(p.text.startswith("第") and p.text.endswith("字") for p in passages)


@pytest.mark.parametrize(
    ("name", "content", "cure"),
    [
        ("a.exe", b"x", "另存为"),
        ("a.pdf", b"%PDF-1.4 broken", "重新导出"),
        ("a.txt", b"   ", "没有可读的文字"),
        ("a.txt", bytes(range(128, 256)) * 3 + b"\xff", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(
    tmp_path: Path, name: str, content: bytes, cure: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(IngestError, match=cure):
        read_document(path)


def test_a_missing_or_locked_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="找不到"):
        read_document(tmp_path / "nothing.pdf")
    write_pdf(tmp_path / "locked.pdf", ["secret"], password="1")
    with pytest.raises(IngestError, match="密码"):
        read_document(tmp_path / "locked.pdf")
