"""Measures of a search and of an answer, as pure functions of one case.

Each returns a number between 0 and 1, or None where the case does not ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answer import REFUSALS
from corpus.numerals import to_int
from eval.cases import Case
from ingest.segment import normalise

_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十][零〇一二两三四五六七八九十百千万]*")
_PERCENT = re.compile(r"百分之([零〇一二两三四五六七八九十百]+|\d+(?:\.\d+)?)")
_TEN_THOUSANDS = re.compile(r"(\d+(?:\.\d+)?)万")


@dataclass(frozen=True, slots=True)
class Observed:
    """What a system said to one case, in the terms of the batch contract."""

    kind: str
    text: str
    retrieved: tuple[str, ...]
    """Ids of provisions in rank order."""
    cited: tuple[str, ...]
    """Ids of provisions in the order of their citations."""
    quotes_found: float
    """Share of quotes that stand in their passage exactly; 1 where there are none."""
    seconds: float


Metric = Callable[[Case, Observed], float | None]


def fold(text: str) -> str:
    """Fold what does not change a fact: width, numerals, 日 and 天, blanks and punctuation.

    >>> fold("三十日内，按百分之八十；两倍，4.2万元")
    '30天内按80%2倍42000元'
    """
    plain = _PERCENT.sub(_percent, normalise(text))
    plain = _NUMERAL.sub(_arabic, _TEN_THOUSANDS.sub(_multiplied, plain)).replace("日", "天")
    return re.sub(r"[^\w%.]", "", plain)


def _percent(match: re.Match[str]) -> str:
    return f"{match[1] if match[1][0].isdecimal() else to_int(match[1])}%"


def _multiplied(match: re.Match[str]) -> str:
    return f"{float(match[1]) * 10_000:.0f}"


def _arabic(match: re.Match[str]) -> str:
    try:
        return str(to_int(match.group()))
    except ValueError:
        return match.group()


def matches(name: str, provision: str) -> bool:
    """Whether a provision is the one named; a bare slug names every article of it."""
    return name == provision or ("/" not in name and provision.startswith(f"{name}/"))


def _any(names: Sequence[str], provision: str) -> bool:
    return any(matches(name, provision) for name in names)


def _ranked(case: Case, observed: Observed) -> list[str]:
    """Ranking without the acceptable provisions, which neither help nor hurt."""
    needed = [name for group in case.needed for name in group]
    return [p for p in observed.retrieved if _any(needed, p) or not _any(case.acceptable, p)]


def recall_at(k: int) -> Metric:
    """Share of the necessary provisions among the first k (Manning et al. 2008, ch. 8)."""

    def recall(case: Case, observed: Observed) -> float | None:
        if not case.needed:
            return None
        first = _ranked(case, observed)[:k]
        return _share([any(_any(group, p) for p in first) for group in case.needed])

    return recall


def reciprocal_rank(case: Case, observed: Observed) -> float | None:
    """Return 1 / rank of the first necessary provision, 0 where none (Voorhees 1999)."""
    if not case.needed:
        return None
    needed = [name for group in case.needed for name in group]
    for rank, provision in enumerate(_ranked(case, observed), 1):
        if _any(needed, provision):
            return 1 / rank
    return 0.0


def ndcg_at_10(case: Case, observed: Observed) -> float | None:
    """Discounted gain with binary relevance over its ideal (Järvelin and Kekäläinen 2002)."""
    if not case.needed:
        return None
    open_groups = list(case.needed)
    gain = 0.0
    for rank, provision in enumerate(_ranked(case, observed)[:10], 1):
        group = next((g for g in open_groups if _any(g, provision)), None)
        if group:
            open_groups.remove(group)
            gain += 1 / np.log2(rank + 1)
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(10, len(case.needed)) + 1))
    return float(gain / ideal)


def citation_precision(case: Case, observed: Observed) -> float | None:
    """Share of the cited provisions that are necessary, the acceptable left out."""
    if case.kind in REFUSALS or not case.needed or observed.kind in REFUSALS:
        return None
    needed = [name for group in case.needed for name in group]
    cited = list(dict.fromkeys(observed.cited))
    counted = [p for p in cited if _any(needed, p) or not _any(case.acceptable, p)]
    return _share([_any(needed, p) for p in counted]) if counted else None


def citation_recall(case: Case, observed: Observed) -> float | None:
    """Share of the necessary provisions that are cited."""
    if case.kind in REFUSALS or not case.needed:
        return None
    return _share([any(_any(group, p) for p in observed.cited) for group in case.needed])


def first_citation(case: Case, observed: Observed) -> float | None:
    """Whether the first citation is a necessary provision."""
    if case.kind in REFUSALS or not case.needed:
        return None
    needed = [name for group in case.needed for name in group]
    return float(bool(observed.cited) and _any(needed, observed.cited[0]))


def in_force_first(case: Case, observed: Observed) -> float | None:
    """Whether no provision that gives way is cited first."""
    if not case.never_first:
        return None
    return float(not (observed.cited and _any(case.never_first, observed.cited[0])))


def fact_coverage(case: Case, observed: Observed) -> float | None:
    """Share of the facts that the answer says in one of their wordings."""
    if not case.facts:
        return None
    said = fold(observed.text)
    return _share([any(fold(wording) in said for wording in fact) for fact in case.facts])


def nothing_forbidden(case: Case, observed: Observed) -> float | None:
    """Whether the answer says none of the wordings that would make it wrong."""
    if not case.forbidden:
        return None
    said = fold(observed.text)
    return float(not any(fold(wording) in said for wording in case.forbidden))


def quotes_exact(case: Case, observed: Observed) -> float | None:
    """Share of the quotes that stand in their passage exactly."""
    return observed.quotes_found


def refused_rightly(case: Case, observed: Observed) -> float | None:
    """Whether a question that cannot be answered was refused."""
    return float(observed.kind in REFUSALS) if case.kind in REFUSALS else None


def right_kind(case: Case, observed: Observed) -> float | None:
    """Whether the answer is of the right kind, for cases other than plain answers."""
    return float(observed.kind == case.kind) if case.kind != "answered" else None


def refused_wrongly(case: Case, observed: Observed) -> float | None:
    """Whether a question that can be answered was refused: lower is better."""
    return float(observed.kind in REFUSALS) if case.kind == "answered" else None


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)


METRICS: dict[str, Metric] = {
    "recall@5": recall_at(5),
    "recall@10": recall_at(10),
    "mrr": reciprocal_rank,
    "ndcg@10": ndcg_at_10,
    "first_citation": first_citation,
    "citation_precision": citation_precision,
    "citation_recall": citation_recall,
    "in_force_first": in_force_first,
    "fact_coverage": fact_coverage,
    "nothing_forbidden": nothing_forbidden,
    "quotes_exact": quotes_exact,
    "refused_rightly": refused_rightly,
    "right_kind": right_kind,
    "refused_wrongly": refused_wrongly,
}
LOWER_IS_BETTER = frozenset({"refused_wrongly"})


def bootstrap_interval(
    values: Sequence[float], *, level: float = 0.95, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean by resampling cases (Efron and Tibshirani 1993)."""
    if len(values) < 2:
        return (float(np.mean(values)), float(np.mean(values))) if values else (0.0, 0.0)
    sample = np.random.default_rng(seed)
    data = np.array(values)
    means = data[sample.integers(0, len(data), (rounds, len(data)))].mean(axis=1)
    tail = (1 - level) / 2
    return float(np.quantile(means, tail)), float(np.quantile(means, 1 - tail))


def paired_bootstrap(
    before: Sequence[float], after: Sequence[float], *, rounds: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Mean difference of paired scores, and its two-sided p value by bootstrap (Koehn 2004)."""
    differences = np.array(after) - np.array(before)
    if not len(differences) or not differences.any():
        return 0.0, 1.0
    sample = np.random.default_rng(seed)
    picks = sample.integers(0, len(differences), (rounds, len(differences)))
    means = differences[picks].mean(axis=1)
    below, above = float((means <= 0).mean()), float((means >= 0).mean())
    return float(differences.mean()), min(1.0, 2 * min(below, above))
