"""Documents into the index: `python -m ingest build | add | remove | list | train`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from corpus.errors import WenfaError
from corpus.reader import read_corpus
from ingest import library
from ingest.document import corpus_documents
from ingest.settings import ingest_settings
from ingest.store import Store
from ingest.train import train

app = typer.Typer(add_completion=False, no_args_is_help=True, help="把文档变成可检索的索引。")
console = Console()
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取。")]


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Print what went wrong and what to do, without a traceback."""
    try:
        yield
    except WenfaError as error:
        console.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error
    except OSError as error:
        console.print(f"读写失败：{error}；请检查磁盘空间和权限", style="red", soft_wrap=True)
        raise typer.Exit(1) from error


@contextmanager
def _bar() -> Iterator[library.Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=False) as progress:
        tasks: dict[str, int] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = int(progress.add_task(stage, total=total))
            progress.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        yield show


@app.command()
def build() -> None:
    """按 corpus/ 的正文建立或更新知识库和索引；导入过的文档保留。"""
    with _clear_errors(), _bar() as show:
        changes = library.build(ingest_settings(), show)
    console.print(
        f"写入 {len(changes.written)} 份，移除 {len(changes.removed)} 份，"
        f"{changes.unchanged} 份没有变化"
    )


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="PDF、Markdown 或文本文件，也可以是文件夹。")],
) -> None:
    """导入自己的文档（PDF、Markdown、文本），导入后马上可以检索。"""
    with _clear_errors(), _bar() as show:
        files: list[Path] = []
        for path in paths:
            files += sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]
        changes = library.add(ingest_settings(), files, show)
    for name in changes.written:
        console.print(f"已导入 {name}")
    if changes.unchanged:
        console.print(f"{changes.unchanged} 份早已导入，没有变化")


@app.command()
def remove(ids: Annotated[list[str], typer.Argument(help="文档编号，见 list。")]) -> None:
    """移除导入的文档，正文、向量和索引里都不再留存。"""
    with _clear_errors():
        changes = library.remove(ingest_settings(), ids)
    console.print(f"已移除 {len(changes.removed)} 份")


@app.command("list")
def list_documents(as_json: AsJson = False) -> None:
    """列出知识库里的每份文档。"""
    with _clear_errors():
        store = Store(ingest_settings().library_url)
        documents = store.documents()
        counts = store.counts()
        store.close()
    if as_json:
        rows = [{name: getattr(d, name) for name in d.__slots__} for d in documents]
        print(json.dumps(rows, ensure_ascii=False, default=str, indent=2))
        return
    table = Table("编号", "名称", "种类", "施行", "失效", "核对")
    for one in documents:
        dates = [str(day or "") for day in (one.valid_from, one.valid_until)]
        table.add_row(one.id, one.short, one.kind, *dates, str(one.checked or "未核对"))
    console.print(table)
    console.print("{documents} 份文档，{passages} 个段落，{faces} 个检索面".format(**counts))


@app.command("train")
def train_model() -> None:
    """训练自带的嵌入模型；正文和设置没有变化时直接使用已有的。"""
    settings = ingest_settings()
    with _clear_errors(), _bar() as show:
        documents = list(corpus_documents(read_corpus()))
        folder = train(
            documents,
            settings.model_folder,
            progress=lambda done, total: show("训练嵌入模型", done, total),
        )
    console.print(f"模型在 {folder}")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
