"""Results as tables: for the terminal, for `docs/evaluation.md`, and against a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.cases import Case
from eval.metrics import LOWER_IS_BETTER, METRICS, Observed, paired_bootstrap
from eval.runner import Result, summarise

SHOWN = (
    "recall@5",
    "recall@10",
    "mrr",
    "first_citation",
    "citation_precision",
    "citation_recall",
    "fact_coverage",
    "nothing_forbidden",
    "right_kind",
    "refused_wrongly",
)
GATED = ("recall@5", "recall@10", "mrr", "citation_precision", "fact_coverage", "refused_rightly")
"""Measures whose fall on the test cases fails the gate."""
SIGNIFICANT = 0.05
WORST = 20


def markdown(result: Result, *, title: str) -> str:
    """Return totals of tune and test with intervals, and test by group."""
    return "\n".join(
        [
            f"## {title}",
            "",
            f"提交 {result.commit}，{result.at:%Y-%m-%d}，用例集 {result.cases}，"
            f"共 {len(result.splits)} 条："
            f"tune {_count(result, 'tune')}，test {_count(result, 'test')}。",
            "方括号里是 95% 自助区间。",
            "",
            *_totals(result),
            "",
            "### test 各组",
            "",
            *_groups(result),
        ]
    )


def ablation_markdown(results: dict[str, Result]) -> str:
    """Return the same retrieval measures for each mode, side by side."""
    names = ("recall@5", "recall@10", "mrr", "ndcg@10")
    lines = ["| 检索 | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for mode, result in results.items():
        cells = [_cell(result.values(name, split="test")) for name in names]
        lines.append(f"| {mode} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def worst(
    cases: Sequence[Case], observed: dict[str, Observed], result: Result, *, split: str = "tune"
) -> Iterator[str]:
    """Yield the worst answered cases with what was retrieved and said."""
    names = ("recall@10", "mrr", "fact_coverage")

    def quality(case: Case) -> float:
        values = [result.scores.get(name, {}).get(case.id) for name in names]
        return sum(value for value in values if value is not None)

    chosen = [case for case in cases if case.split == split and case.needed]
    for case in sorted(chosen, key=quality)[:WORST]:
        seen = observed[case.id]
        said = seen.text.partition("\n\n")[0].replace("\n", " ")[:160]
        yield (
            f"{case.id}（{quality(case):.2f}）{case.question}\n"
            f"  应有 {', '.join(case.necessary)}\n"
            f"  找到 {', '.join(seen.retrieved[:5])}\n"
            f"  回答 [{seen.kind}] {said}"
        )


def comparison(
    before: Result, after: Result, *, split: str = "test"
) -> Iterator[tuple[str, float, float, int]]:
    """Yield metric, mean change, p value and count over the cases both runs have."""
    for name in METRICS:
        old, new = before.scores.get(name, {}), after.scores.get(name, {})
        common = [c for c in new if c in old and after.splits.get(c) == split]
        if common:
            change, p = paired_bootstrap([old[c] for c in common], [new[c] for c in common])
            yield name, change, p, len(common)


def comparison_markdown(before: Result, after: Result) -> str:
    """Return the change of every metric on the test cases with its significance."""
    lines = ["| 指标 | 变化 | p | 用例 |", "|---|---|---|---|"]
    for name, change, p, count in comparison(before, after):
        mark = " *" if p < SIGNIFICANT else ""
        lines.append(f"| {name} | {change:+.3f}{mark} | {p:.3f} | {count} |")
    return "\n".join(lines)


def regressions(before: Result, after: Result) -> list[str]:
    """Return the gated measures that fell by more than the noise."""
    return [
        f"{name} 比基线低 {-change:.3f}（p={p:.3f}，{count} 条）"
        for name, change, p, count in comparison(before, after)
        if name in GATED and change < 0 and p < SIGNIFICANT
    ]


def save(result: Result, path: Path) -> None:
    """Write the scores of a run as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Result:
    """Read the scores of a run."""
    return Result.model_validate_json(path.read_text(encoding="utf-8"))


def _totals(result: Result) -> Iterator[str]:
    yield "| 指标 | tune | test |"
    yield "|---|---|---|"
    for name in METRICS:
        if name in result.scores:
            cells = [_cell(result.values(name, split=split)) for split in ("tune", "test")]
            arrow = "（越低越好）" if name in LOWER_IS_BETTER else ""
            yield f"| {name}{arrow} | {cells[0]} | {cells[1]} |"
    times = sorted(result.seconds.values())
    p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
    yield f"| 用时 p50 / p95（毫秒） | | {p50 * 1000:.0f} / {p95 * 1000:.0f} |"


def _groups(result: Result) -> Iterator[str]:
    yield "| 组 | 用例 | " + " | ".join(SHOWN) + " |"
    yield "|---|---|" + "---|" * len(SHOWN)
    for group in dict.fromkeys(result.groups.values()):
        members = [c for c, g in result.groups.items() if g == group]
        count = sum(1 for c in members if result.splits[c] == "test")
        cells = []
        for name in SHOWN:
            summary = summarise(result.values(name, split="test", group=group))
            cells.append(f"{summary.mean:.2f}" if summary else "–")
        yield f"| {group} | {count} | " + " | ".join(cells) + " |"


def _count(result: Result, split: str) -> int:
    return sum(1 for value in result.splits.values() if value == split)


def _cell(values: Sequence[float]) -> str:
    summary = summarise(values)
    return f"{summary.mean:.3f} [{summary.low:.3f}, {summary.high:.3f}]" if summary else "–"
