"""Dated figures of the law with their citations: rates, months, ages, days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from corpus.errors import FormatError, UnknownParameterError
from corpus.yamlfile import read_yaml

ROOT = Path(__file__).parent / "parameters"


class DatedValue(BaseModel):
    """A figure and the place in the law it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Any
    """Number (read as Decimal), list or mapping; None ends the figure on that day."""
    citation: str
    """Locator in the corpus: `labor-contract-law/47.2`."""


class Parameter(BaseModel):
    """One figure of the law through time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    unit: str = ""
    checked: date | None
    """Day the values were held against the official text; None where none was at hand."""
    values: dict[date, DatedValue]
    """First day in force -> value."""

    def on(self, day: date) -> DatedValue | None:
        """Return the value in force on a day, None before the first and after the last."""
        starts = [start for start in self.values if start <= day]
        if not starts:
            return None
        dated = self.values[max(starts)]
        return None if dated.value is None else dated


@cache
def parameters(root: Path = ROOT) -> dict[str, Parameter]:
    """Read every parameter; the name is `file.key`, as in `severance.wage_cap_multiple`."""
    found: dict[str, Parameter] = {}
    for path in sorted(root.glob("*.yaml")):
        for key, content in (read_yaml(path) or {}).items():
            try:
                parameter = Parameter.model_validate(content)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, (key, *first["loc"])))
                raise FormatError(path, 1, f"{where}: {first['msg']}") from error
            found[f"{path.stem}.{key}"] = parameter
    return found


def parameter(name: str, on: date) -> DatedValue:
    """Return the figure in force on a day, numbers as Decimal.

    Raises UnknownParameterError where there is no such figure or none on that day.
    """
    known = parameters().get(name)
    if known is None:
        raise UnknownParameterError(f"没有名为 {name} 的参数；见 corpus/parameters/")
    dated = known.on(on)
    if dated is None:
        first = min(known.values)
        raise UnknownParameterError(
            f"{name}（{known.description}）在 {on} 没有数值，最早的是 {first}"
        )
    return DatedValue(value=_exact(dated.value), citation=dated.citation)


def _exact(value: Any) -> Any:
    """Turn every number into the Decimal it is written as."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return Decimal(str(value))
    if isinstance(value, list):
        return [_exact(part) for part in value]
    if isinstance(value, dict):
        return {key: _exact(part) for key, part in value.items()}
    return value
