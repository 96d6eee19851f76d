"""Check the corpus: `python -m corpus [--stats] [--list]`."""

from __future__ import annotations

from collections import Counter

import typer
from rich.console import Console
from rich.table import Table

from corpus.check import problems, unchecked
from corpus.errors import WenfaError
from corpus.parameter import parameters
from corpus.reader import Corpus, read_corpus

app = typer.Typer(add_completion=False, help="检查知识库正文。")
console = Console()


@app.command()
def check(
    stats: bool = typer.Option(False, help="列出各类文件、条文和典型问题的数目。"),
    listing: bool = typer.Option(False, "--list", help="列出每一部文件。"),
) -> None:
    """检查格式、编号、交叉引用、重复问题和办事指南里的数字。"""
    try:
        corpus = read_corpus()
        figures = parameters()
    except WenfaError as error:
        console.print(f"[red]{error}")
        raise typer.Exit(1) from error
    if listing:
        print_listing(corpus)
    if stats:
        print_stats(corpus, len(figures))
    faults = list(problems(corpus, figures))
    for fault in faults:
        console.print(fault, style="red", soft_wrap=True)
    total = sum(len(p.questions) for p in corpus.provisions)
    console.print(
        f"{len(corpus.instruments)} 部文件，{len(corpus.provisions)} 条，"
        f"{total} 个典型问题，{len(corpus.guides)} 篇指南，{len(faults)} 处问题"
    )
    raise typer.Exit(1 if faults else 0)


def print_listing(corpus: Corpus) -> None:
    """Print one row for each version of each instrument."""
    table = Table("编号", "名称", "施行", "失效", "核对")
    for one in corpus.instruments:
        ended = str(one.valid_until or "")
        table.add_row(one.slug, one.short, str(one.version), ended, str(one.checked or "未核对"))
    console.print(table)


def print_stats(corpus: Corpus, figures: int) -> None:
    """Print counts by kind of instrument."""
    table = Table("种类", "文件", "条文", "典型问题")
    instruments = Counter(instrument.kind for instrument in corpus.instruments)
    provisions = Counter(provision.instrument.kind for provision in corpus.provisions)
    questions: Counter[str] = Counter()
    for provision in corpus.provisions:
        questions[provision.instrument.kind] += len(provision.questions)
    for kind, count in instruments.items():
        table.add_row(kind, str(count), str(provisions[kind]), str(questions[kind]))
    table.add_row(
        "合计", str(len(corpus.instruments)), str(len(corpus.provisions)), str(questions.total())
    )
    console.print(table)
    guide_questions = sum(len(guide.questions) for guide in corpus.guides)
    checked = sum(1 for instrument in corpus.instruments if instrument.checked)
    console.print(
        f"办事指南 {len(corpus.guides)} 篇（{guide_questions} 个问题），"
        f"文章 {len(corpus.articles)} 篇，"
        f"参数 {figures} 个，日常说法 {sum(map(len, (corpus.lexicon or {}).values()))} 个；"
        f"已核对 {checked} 部，未核对条文 {len(unchecked(corpus))} 条"
    )


if __name__ == "__main__":
    app()
