import pytest

from ingest.segment import normalise, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("试用期", ["试用", "用期"]),
        ("N+1怎么算", ["n+1", "怎么", "么算"]),
        ("赔 2N", ["赔", "2n"]),
        ("勞動合同", ["劳动", "动合", "合同"]),
        ("２０２５年", ["2025", "年"]),
        ("！？…", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_width_case_and_traditional_characters_do_not_matter() -> None:
    assert normalise("經濟補償　ＯＫ") == normalise("经济补偿 ok")
