from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from corpus.errors import FormatError
from corpus.hotline import hotline_for, hotlines
from corpus.numerals import to_chinese, to_int
from corpus.parameter import parameters
from corpus.yamlfile import read_yaml

TEXT = """
days:
  description: 法定节假日天数
  unit: 天
  checked: 2026-11-20
  values:
    2014-01-01: {value: 11, citation: public-holiday-measures/2}
    2025-01-01: {value: 13, citation: public-holiday-measures/2}
    2030-01-01: {value: null, citation: public-holiday-measures/2}
"""


def test_a_figure_holds_from_its_day_to_the_next(tmp_path: Path) -> None:
    (tmp_path / "holiday.yaml").write_text(TEXT, encoding="utf-8")
    figure = parameters(tmp_path)["holiday.days"]

    def value(day: date) -> object:
        dated = figure.on(day)
        return dated and dated.value

    assert value(date(2013, 12, 31)) is None
    assert value(date(2024, 12, 31)) == 11
    assert value(date(2025, 1, 1)) == 13
    assert value(date(2030, 1, 1)) is None


def test_a_malformed_parameter_is_named(tmp_path: Path) -> None:
    (tmp_path / "holiday.yaml").write_text("days: {unit: 天}", encoding="utf-8")
    with pytest.raises(FormatError, match=r"days\.description"):
        parameters(tmp_path)


def test_words_that_yaml_takes_for_truth_values_stay_words(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("on: yes\nsure: true\n", encoding="utf-8")
    assert read_yaml(path) == {"on": "yes", "sure": True}


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("a: 1\nb: [\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"case\.yaml:3"):
        read_yaml(path)


@pytest.mark.parametrize("number", [1, 9, 10, 11, 20, 47, 100, 102, 110, 276, 1000, 1001, 9999])
def test_numerals_read_back_as_written(number: int) -> None:
    assert to_int(to_chinese(number)) == number


def test_every_matter_has_a_hotline() -> None:
    assert hotlines()[-1].words == ()
    assert hotline_for("生育津贴谁发").number == "12393"
    assert hotline_for("老板欠钱").number == "12333"


def test_decimal_money_is_exact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import corpus.parameter

    (tmp_path / "rate.yaml").write_text(TEXT.replace("value: 13", "value: 0.1"), encoding="utf-8")
    known = parameters(tmp_path)
    monkeypatch.setattr(corpus.parameter, "parameters", lambda: known)
    assert corpus.parameter.parameter("rate.days", date(2026, 1, 1)).value == Decimal("0.1")
