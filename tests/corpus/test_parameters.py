"""The bundled figures of the law: each rests on a provision that says the same number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from corpus.check import dangling, figures_in
from corpus.errors import UnknownParameterError, UnknownProvisionError
from corpus.numerals import NUMERALS, to_int
from corpus.parameter import DatedValue, Parameter, parameter, parameters
from corpus.provision import Locator, Provision
from corpus.reader import Corpus

FIGURES = parameters()
DATED = [
    pytest.param(name, start, dated, id=f"{name}-{start}")
    for name, figure in FIGURES.items()
    for start, dated in figure.values.items()
]

DERIVED = {
    "annual_leave.unused_extra_rate": "300% less the ordinary wage it contains",
    "double_pay.longest_months": "from the second month to the day before a full year",
    "holidays.public_days": "the sum of the holidays listed in the article",
    "retirement.male": "the former age and the delay follow from the ages named",
    "retirement.female_55": "the former age and the delay follow from the ages named",
    "retirement.female_50": "the delay and the first cohort follow from the ages named",
    "retirement.minimum_contribution_months": "fifteen years and six months more each year",
}
"""Figures no provision writes out; each has a test of its own below."""

_COUNTED = re.compile(rf"(\d+|[{NUMERALS}]+)\s*(?:摄氏度|次|名)")
_ONE = re.compile(rf"(?<![\d{NUMERALS}])[一1]\s*(?:个|年|日|天|小时|倍|次|周岁|至|到)")
_FRACTION = re.compile(r"([二三四五])分之([一二三四])|(\d+)/(\d+)")


def amounts(text: str) -> set[float]:
    """The figures of a text, with the small and the composed ones `figures_in` passes over."""
    found = figures_in(text) | {float(to_int(number)) for number in _COUNTED.findall(text)}
    found |= {float(number) * 10_000 for number in re.findall(r"(\d+)\s*万元", text)}
    found |= {to_int(number) / 10_000 for number in re.findall(rf"万分之([{NUMERALS}]+)", text)}
    found |= {to_int(digit) / 10 for digit in re.findall(r"百分之零点([一二三四五六七八九])", text)}
    found |= {float(to_int(n)) for pair in _FRACTION.findall(text) for n in pair if n}
    if _ONE.search(text):
        found.add(1.0)
    if "半" in text:
        found.add(0.5)
    return found


def spellings(number: float, unit: str) -> set[float]:
    """The ways a law may write a number: 0.02 as 百分之二, 1.5 倍 as 150%, 36 月 as 三年."""
    written = {float(number)}
    if unit in {"比例", "倍"}:
        written.add(round(number * 100, 6))
    if unit == "月":
        written.add(number / 12)
    return written


def numbers(value: Any) -> Iterator[float]:
    """Every number of a value but the zeros that open a band."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, int | float) and value:
        yield value


def cited(corpus: Corpus, citation: str, on: date) -> Provision:
    """The article in force on a day; any version where only later texts are held."""
    locator = Locator.parse(citation)
    try:
        return corpus.provision(locator, on)
    except UnknownProvisionError:
        held = [p for p in corpus.provisions if p.id == locator.provision]
        assert held, citation
        assert all(on < p.instrument.version for p in held), f"{citation} is not in force on {on}"
        return corpus.provision(locator)


@pytest.mark.parametrize(("name", "start", "dated"), DATED)
def test_every_citation_resolves_on_its_first_day(
    corpus: Corpus, name: str, start: date, dated: DatedValue
) -> None:
    locator = Locator.parse(dated.citation)
    assert dangling(corpus, locator) is None
    assert cited(corpus, dated.citation, start).at(locator) is not None


@pytest.mark.parametrize(
    ("name", "start", "dated"), [row for row in DATED if row.values[0] not in DERIVED]
)
def test_every_number_stands_in_the_provision_cited(
    corpus: Corpus, name: str, start: date, dated: DatedValue
) -> None:
    text = cited(corpus, dated.citation, start).at(Locator.parse(dated.citation))
    assert text is not None
    known = amounts(text)
    unit = FIGURES[name].unit
    unproven = [number for number in numbers(dated.value) if not spellings(number, unit) & known]
    assert unproven == [], f"{dated.citation} has {sorted(known)}"


def test_only_known_figures_are_derived() -> None:
    assert set(DERIVED) <= set(FIGURES)


@pytest.mark.parametrize(("name", "figure"), FIGURES.items(), ids=FIGURES)
def test_values_follow_one_another(name: str, figure: Parameter) -> None:
    starts = list(figure.values)
    assert starts
    assert starts == sorted(starts)
    assert figure.values[starts[0]].value is not None


@pytest.mark.parametrize(("name", "figure"), FIGURES.items(), ids=FIGURES)
def test_a_figure_is_checked_exactly_where_its_texts_are(
    corpus: Corpus, name: str, figure: Parameter
) -> None:
    texts = [cited(corpus, dated.citation, start) for start, dated in figure.values.items()]
    assert (figure.checked is not None) == all(p.instrument.checked for p in texts)


def value(name: str, day: str) -> Any:
    return parameter(name, date.fromisoformat(day)).value


@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [
        ("overtime.work_days", "2024-12-31", "20.83"),
        ("overtime.work_days", "2025-01-01", "20.67"),
        ("overtime.yearly_work_days", "2024-12-31", "250"),
        ("overtime.yearly_work_days", "2025-01-01", "248"),
        ("overtime.paid_days", "2010-06-01", "21.75"),
        ("overtime.paid_days", "2026-06-01", "21.75"),
        ("overtime.weekly_hours", "1995-04-30", "44"),
        ("overtime.weekly_hours", "1995-05-01", "40"),
        ("overtime.workday_rate", "2026-01-01", "1.5"),
        ("overtime.holiday_rate", "2026-01-01", "3"),
        ("holidays.public_days", "2024-12-31", "11"),
        ("holidays.public_days", "2025-01-01", "13"),
        ("maternity.leave_days", "2012-04-27", "90"),
        ("maternity.leave_days", "2012-04-28", "98"),
        ("unemployment.notify_days", "2011-06-30", "7"),
        ("unemployment.notify_days", "2011-07-01", "15"),
        ("retirement.minimum_contribution_months", "2029-12-31", "180"),
        ("retirement.minimum_contribution_months", "2030-01-01", "186"),
        ("retirement.minimum_contribution_months", "2039-01-01", "240"),
        ("retirement.minimum_contribution_months", "2045-01-01", "240"),
        ("severance.wage_cap_multiple", "2008-01-01", "3"),
        ("severance.years_cap", "2026-11-20", "12"),
        ("unlawful_dismissal.multiple", "2026-11-20", "2"),
        ("double_pay.longest_months", "2026-11-20", "11"),
        ("limitation.old_arbitration_days", "2008-04-30", "60"),
        ("limitation.arbitration_years", "2008-05-01", "1"),
        ("work_injury.grant_months_1", "2026-11-20", "27"),
        ("work_injury.grant_months_10", "2026-11-20", "7"),
        ("work_injury.allowance_share_6", "2026-11-20", "0.6"),
        ("wages.deduction_share", "2026-11-20", "0.2"),
        ("union.funds_share", "2026-11-20", "0.02"),
        ("penalties.social_insurance_late_rate", "2026-11-20", "0.0005"),
    ],
)
def test_known_figures_on_known_days(name: str, day: str, expected: str) -> None:
    assert value(name, day) == Decimal(expected)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("overtime.work_days", "2008-01-02"),
        ("limitation.old_arbitration_days", "2008-05-01"),
        ("minimum_wage.arrears_multiple", "2008-01-01"),
        ("non_compete.default_pay_share", "2020-12-31"),
        ("retirement.old_male_worker_age", "2025-01-01"),
        ("retirement.male", "2024-12-31"),
    ],
)
def test_no_figure_outside_its_time(name: str, day: str) -> None:
    with pytest.raises(UnknownParameterError):
        value(name, day)


def test_the_fine_for_dispatch_rose_with_the_amended_law() -> None:
    assert value("dispatch.fine_per_worker", "2013-06-30") == {"least": 1000, "most": 5000}
    assert value("dispatch.fine_per_worker", "2013-07-01") == {"least": 5000, "most": 10000}


@pytest.mark.parametrize("day", ["2014-01-01", "2024-12-31", "2025-01-01"])
def test_public_days_are_the_sum_of_the_holidays(corpus: Corpus, day: str) -> None:
    listed = value("holidays.national", day)
    assert len(listed) == 7
    total = sum(holiday["days"] for holiday in listed)
    assert total == value("holidays.public_days", day)
    items = corpus.provision("public-holiday-measures/2", date.fromisoformat(day)).paragraphs[0]
    for holiday, item in zip(listed, items.items, strict=True):
        assert f"{holiday['days']}天" in item
        assert holiday["name"][:2] in item or "新年" in item
    has_eve = any(holiday["from"] == "除夕" for holiday in listed)
    assert has_eve == (day >= "2025-01-01")


def test_the_day_worked_already_paid_is_not_paid_again() -> None:
    whole = value("annual_leave.unused_rate", "2026-01-01")
    assert value("annual_leave.unused_extra_rate", "2026-01-01") == whole - 1


def test_double_pay_ends_with_the_first_year() -> None:
    year = 12 * value("double_pay.deemed_open_ended_years", "2026-01-01")
    grace = value("double_pay.grace_months", "2026-01-01")
    assert value("double_pay.longest_months", "2026-01-01") == year - grace


def test_minimum_contribution_grows_by_six_months_a_year() -> None:
    months = [
        value("retirement.minimum_contribution_months", f"{y}-06-01") for y in range(2029, 2041)
    ]
    assert months == [min(180 + 6 * step, 240) for step in range(12)]


def retirement(name: str, born: str) -> tuple[int, int, int]:
    """Delay in months, then year and month of retirement, as the schedule gives them."""
    schedule = value(name, "2026-11-20")
    year, month = map(int, born.split("-"))
    base_year, base_month = map(int, schedule["base"].split("-"))
    passed = 12 * (year - base_year) + month - base_month
    delay = 0
    if passed >= 0:
        delay = int(min(schedule["longest_months"], passed // int(schedule["step_months"]) + 1))
    months = 12 * year + month - 1 + 12 * int(schedule["age"]) + delay
    return delay, months // 12, months % 12 + 1


@pytest.mark.parametrize(
    ("name", "born", "expected"),
    [
        ("retirement.male", "1964-12", (0, 2024, 12)),
        ("retirement.male", "1965-01", (1, 2025, 2)),
        ("retirement.male", "1965-05", (2, 2025, 7)),
        ("retirement.male", "1976-08", (35, 2039, 7)),
        ("retirement.male", "1976-09", (36, 2039, 9)),
        ("retirement.male", "1990-01", (36, 2053, 1)),
        ("retirement.female_55", "1969-12", (0, 2024, 12)),
        ("retirement.female_55", "1970-01", (1, 2025, 2)),
        ("retirement.female_55", "1981-08", (35, 2039, 7)),
        ("retirement.female_55", "1981-09", (36, 2039, 9)),
        ("retirement.female_50", "1974-12", (0, 2024, 12)),
        ("retirement.female_50", "1975-01", (1, 2025, 2)),
        ("retirement.female_50", "1975-03", (2, 2025, 5)),
        ("retirement.female_50", "1984-10", (59, 2039, 9)),
        ("retirement.female_50", "1984-11", (60, 2039, 11)),
    ],
)
def test_retirement_schedules(name: str, born: str, expected: tuple[int, int, int]) -> None:
    assert retirement(name, born) == expected


@pytest.mark.parametrize("who", ["male", "female_55", "female_50"])
def test_the_longest_delay_leads_to_the_age_the_law_names(who: str) -> None:
    schedule = value(f"retirement.{who}", "2026-11-20")
    final = value(f"retirement.{who}_final_age", "2026-11-20")
    assert 12 * schedule["age"] + schedule["longest_months"] == 12 * final
    assert schedule["age"] == value(f"retirement.earliest_{who}_age", "2026-11-20")
    assert schedule["base"] == f"{2025 - int(schedule['age'])}-01"


def test_the_medical_period_covers_every_length_of_service() -> None:
    grid = value("medical_period.months", "2026-11-20")

    def months(total: int, unit: int) -> list[int]:
        return [
            int(band["months"])
            for band in grid
            if band["total_from"] <= total < band.get("total_below", 100)
            and band["unit_from"] <= unit < band.get("unit_below", 100)
        ]

    cases = {(3, 2): 3, (9, 5): 6, (10, 4): 6, (12, 5): 9, (20, 10): 12, (20, 15): 18, (30, 20): 24}
    assert {case: months(*case) for case in cases} == {k: [v] for k, v in cases.items()}
    assert all(len(months(total, unit)) == 1 for total in range(50) for unit in range(total + 1))
    windows = {int(row["months"]) for row in value("medical_period.window_months", "2026-11-20")}
    assert windows == {int(band["months"]) for band in grid}
