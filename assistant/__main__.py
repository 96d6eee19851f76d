"""Ask from the command line: `python -m assistant ask | batch`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assistant.answer import Question
from assistant.ask import Assistant
from assistant.batch import run_batch
from assistant.schema import answer_json
from assistant.settings import settings
from corpus.errors import WenfaError
from ingest.library import open_library

app = typer.Typer(add_completion=False, no_args_is_help=True, help="问法：劳动法和工会政策问答。")
console = Console(stderr=True)

On = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], help="按哪一天有效的法律回答，默认今天。"),
]
Region = Annotated[str | None, typer.Option(help="所在省市，例如 北京。")]


@contextmanager
def _assistant() -> Iterator[Assistant]:
    """Open the assistant; print what went wrong and what to do, without a traceback."""
    try:
        library = open_library(settings())
        try:
            yield Assistant(library)
        finally:
            library.close()
    except WenfaError as error:
        console.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error


def _day(on: datetime | None) -> date:
    return on.date() if on else date.today()


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="想问的事，用平常的话说。")],
    on: On = None,
    region: Region = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，供程序读取。")] = False,
) -> None:
    """回答一个问题，每句话都带条文出处。"""
    with _assistant() as assistant:
        answer = assistant.ask(Question(text, _day(on), region or settings().region))
    if as_json:
        print(json.dumps(answer_json(answer), ensure_ascii=False, indent=2))
    else:
        print(answer.text)


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(help='每行一个 {"id","question"} 的 JSONL 文件。')],
    out: Annotated[Path, typer.Option("--out", help="写答案的 JSONL 文件。")],
    on: On = None,
    region: Region = None,
) -> None:
    """逐行回答一个文件里的问题；坏行报出行号，其余照常回答。"""
    with _assistant() as assistant:
        faults = run_batch(assistant, source, out, on=_day(on), region=region or settings().region)
    for fault in faults:
        console.print(fault, style="red", soft_wrap=True)
    raise typer.Exit(1 if faults else 0)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
