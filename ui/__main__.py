"""Serve the page: `python -m ui [--host 127.0.0.1] [--port 7860]`."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from corpus.errors import WenfaError
from ui.app import build

app = typer.Typer(add_completion=False)
console = Console()


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="监听的地址；0.0.0.0 让局域网里的人也能用。")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口。")] = 7860,
) -> None:
    """打开网页版问答。"""
    try:
        _require_free(host, port)
        application = build()
    except WenfaError as error:
        console.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error
    console.print(f"问法已启动：http://{host}:{port}  （按 Ctrl-C 停止）")
    uvicorn.run(application, host=host, port=port, log_level="warning")


def _require_free(host: str, port: int) -> None:
    """Raise WenfaError where the port is taken or the address is not ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise WenfaError(
                f"不能在 {host}:{port} 上启动（{error.strerror}）；"
                f"换一个端口再试：make run PORT={port + 1}"
            ) from error


if __name__ == "__main__":
    app()
