"""Score the assistant: `python -m eval run | compare | fit | bench | check`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assistant.ask import Assistant
from assistant.settings import settings
from corpus.errors import WenfaError
from corpus.reader import read_corpus
from eval import report
from eval.bench import measure
from eval.cases import Case, problems, read_cases, read_lines
from eval.fit import fit_fusion, fit_intent, fit_refusal, write_weights
from eval.metrics import Observed
from eval.runner import Result, answering, run, searching
from ingest.index import Mode
from ingest.library import open_library

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
DOCUMENT = HERE.parent / "docs" / "evaluation.md"
MODES: tuple[Mode, ...] = ("lexical", "dense", "fused")

app = typer.Typer(add_completion=False, no_args_is_help=True, help="评测：回答有多准。")
console = Console()


@contextmanager
def _assistant() -> Iterator[Assistant]:
    try:
        library = open_library(settings())
        try:
            yield Assistant(library)
        finally:
            library.close()
    except WenfaError as error:
        console.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error


@app.command("run")
def run_cases(
    ablation: Annotated[bool, typer.Option(help="另比较只用词、只用向量和两者融合。")] = False,
    gate: Annotated[bool, typer.Option(help="test 比基线显著变差时以失败退出。")] = False,
    baseline: Annotated[
        bool, typer.Option(help="把结果写成新的基线和 docs/evaluation.md。")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="结果写到哪个 JSON 文件。")] = None,
    reveal: Annotated[bool, typer.Option(help="审阅用：也列出 test 里最差的用例。")] = False,
) -> None:
    """跑全部用例，按组列出成绩和 tune 里最差的二十条。"""
    with _assistant() as assistant:
        cases = read_cases()
        with console.status("评测中"):
            result, observed = run(answering(assistant), cases)
            parts = [report.markdown(result, title="评测结果")]
            if ablation or baseline:
                modes: dict[str, Result] = {
                    mode: run(searching(assistant, mode), cases)[0] for mode in MODES
                }
                parts.append("## 检索消融（test）\n\n" + report.ablation_markdown(modes))
    if BASELINE.exists():
        before = report.load(BASELINE)
        parts.append("## 与基线相比（test）\n\n" + report.comparison_markdown(before, result))
    text = "\n\n".join(parts) + "\n"
    console.print(text, soft_wrap=True, markup=False, highlight=False)
    _print_worst(cases, observed, result, "tune")
    if reveal:
        _print_worst(cases, observed, result, "test")
    report.save(result, out or settings().home / "evaluation.json")
    fallen = report.regressions(report.load(BASELINE), result) if BASELINE.exists() else []
    if baseline:
        report.save(result, BASELINE)
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text("# 评测\n\n" + "\n\n".join(parts[:2]) + "\n", encoding="utf-8")
    for line in fallen:
        console.print(line, style="red", soft_wrap=True)
    if gate and fallen:
        raise typer.Exit(1)


def _print_worst(
    cases: list[Case], observed: dict[str, Observed], result: Result, split: str
) -> None:
    for line in report.worst(cases, observed, result, split=split):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


@app.command()
def compare(before: Path, after: Path) -> None:
    """比较两次结果，成对自助检验。"""
    console.print(report.comparison_markdown(report.load(before), report.load(after)))


@app.command()
def fit() -> None:
    """拟合融合、意图与拒答的权重（只看 tune 用例），写进 ingest/ 和 assistant/。"""
    with _assistant() as assistant:
        cases = read_cases()
        with console.status("拟合中"):
            fusion = fit_fusion(assistant, cases)
            assistant.library.index.weights = fusion
            lines = read_lines(read_corpus())
            assistant = replace(assistant, intent=fit_intent(lines))
            refusal = fit_refusal(assistant, cases, lines)
    for weights in (fusion, assistant.intent, refusal):
        console.print(f"写入 {write_weights(weights)}")


@app.command()
def bench() -> None:
    """量速度和内存：整个回答、检索、从启动到第一个回答、常驻内存。"""
    with _assistant() as assistant:
        figures = measure(assistant, read_cases())
    console.print(f"机器：{figures.machine}；{figures.faces} 个检索面")
    for name, times in (("整个回答", figures.answer), ("检索", figures.search)):
        console.print(f"{name}：p50 {times.p50:.1f}，p95 {times.p95:.1f}，p99 {times.p99:.1f} 毫秒")
    console.print(
        f"启动到第一个回答 {figures.first_answer_seconds:.2f} 秒，"
        f"常驻内存 {figures.resident_mb:.0f} MB，载入 torch：{figures.torch_imported}"
    )


@app.command()
def check() -> None:
    """检查用例：格式、引用、与典型问题重复。"""
    try:
        cases = read_cases()
        faults = list(problems(cases, read_corpus()))
    except WenfaError as error:
        console.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error
    for fault in faults:
        console.print(fault, style="red", soft_wrap=True)
    console.print(f"{len(cases)} 条用例，{len(faults)} 处问题")
    raise typer.Exit(1 if faults else 0)


if __name__ == "__main__":
    app()
