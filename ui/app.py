"""The page: a conversation with cited answers, mounted on the interface for programs."""

from __future__ import annotations

import gc
import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
if not os.environ.get("WENFA_EMBEDDING_MODEL"):
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

gc.disable()  # importing leaves nothing to collect: half a second saved at every start
import gradio as gr
from fastapi import FastAPI

from assistant.answer import Question
from assistant.ask import Assistant
from assistant.settings import settings
from corpus.errors import WenfaError
from ingest.library import open_library
from ui.api import create_api
from ui.regions import REGIONS
from ui.render import stream

gc.enable()

HERE = Path(__file__).parent
NATIONWIDE = "全国"
EXAMPLES = (
    "试用期被辞退有没有补偿",
    "公司不签合同怎么赔",
    "年休假没休完离职怎么算",
    "怀孕能不能辞退",
    "劳动仲裁时效多久",
    "工会经费怎么来的",
)
GREETING = "写下你遇到的事，用平常的话就行。回答的每一句都标出条文，点 [1] 看依据。"

Messages = list[dict[str, Any]]


def build() -> FastAPI:
    """Open the library and return the whole application."""
    return create_app(Assistant(open_library(settings())))


def create_app(assistant: Assistant) -> FastAPI:
    """Return the page mounted at `/` and the interface for programs at `/api`."""
    api = create_api(assistant)
    blocks = create_page(assistant)
    blocks.queue(default_concurrency_limit=4, max_size=64)
    system_fonts = ["system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
    app: FastAPI = gr.mount_gradio_app(
        api,
        blocks,
        path="/",
        theme=gr.themes.Base(font=system_fonts, font_mono=["monospace"]),
        css=(HERE / "page.css").read_text(encoding="utf-8"),
        head=(HERE / "page.html").read_text(encoding="utf-8"),
        footer_links=[],
        run_history=False,
        show_error=True,
    )
    return app


def create_page(assistant: Assistant) -> gr.Blocks:
    """Lay out the conversation."""
    page: gr.Blocks = gr.Blocks(title="问法：劳动法和工会政策问答", analytics_enabled=False)
    with page:
        gr.Markdown(
            "# 问法\n劳动法和工会政策问答：每句话都有条文，问题不出这台电脑。", elem_id="title"
        )
        chat = gr.Chatbot(
            elem_id="chat",
            label="对话",
            show_label=False,
            buttons=[],
            feedback_options=None,
            height="62vh",
            placeholder=GREETING,
            examples=[{"text": example} for example in EXAMPLES],
            autoscroll=False,
        )
        with gr.Row():
            box = gr.Textbox(
                placeholder="例如：签了三年合同，试用期第五个月被辞退，有补偿吗",
                label="你的问题",
                show_label=False,
                lines=1,
                max_lines=6,
                scale=6,
                autofocus=True,
            )
            send = gr.Button("提问", variant="primary", scale=1, min_width=88)
        with gr.Accordion("哪一天、哪个地方的规定", open=False), gr.Row():
            day = gr.Textbox(label="按哪一天有效的法律（不填就是今天）", placeholder="2026-11-20")
            region = gr.Dropdown([NATIONWIDE, *REGIONS], value=NATIONWIDE, label="所在地")
        clear = gr.Button("重新开始", size="sm")

        def converse(text: str, messages: Messages, day: str, region: str) -> Iterator[Any]:
            for shown in reply(assistant, text, messages, day, region):
                yield "", shown

        def converse_example(
            messages: Messages, day: str, region: str, chosen: gr.SelectData
        ) -> Any:
            for shown in reply(assistant, chosen.value["text"], messages, day, region):
                yield "", shown

        asked = [box, chat, day, region]
        gr.on([send.click, box.submit], converse, asked, [box, chat], api_visibility="private")
        chat.example_select(
            converse_example, [chat, day, region], [box, chat], api_visibility="private"
        )
        clear.click(lambda: ("", []), None, [box, chat], api_visibility="private")
    return page


def reply(
    assistant: Assistant, text: str, messages: Messages, day: str | None, region: str
) -> Iterator[Messages]:
    """Yield the conversation with the answer growing at its end."""
    earlier = [_plain(m["content"]) for m in messages if m["role"] == "user"]
    shown: Messages = [*messages, {"role": "user", "content": text}]
    try:
        question = Question(
            text, _day(day), None if region == NATIONWIDE else region, tuple(earlier)
        )
        answer = assistant.ask(question)
    except WenfaError as error:
        yield [*shown, {"role": "assistant", "content": str(error)}]
        return
    for part in stream(answer, turn=len(earlier) + 1):
        yield [*shown, {"role": "assistant", "content": part}]


def _day(text: str | None) -> date:
    """Read the day that was typed; today where none was."""
    if not text or not text.strip():
        return date.today()
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise WenfaError(f"认不出日期 {text!r}；请写成 2026-11-20 这样") from error


def _plain(content: Any) -> str:
    """Return the text of a message, however the component hands it back."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))
