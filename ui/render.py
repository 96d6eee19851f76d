"""An answer as HTML for the page. Everything that comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from assistant.answer import NOTICE, RESTATED, Answer, Citation, Claim

KIND_TITLES = {
    "needs_fact": "还差一个信息",
    "practice_differs": "各地做法不一样",
    "not_in_corpus": "知识库里没有足够的依据",
    "out_of_field": "这不在我的范围里",
    "must_not_help": "这件事不能帮",
}
LEVEL_NAMES = {
    "law": "法律",
    "regulation": "行政法规",
    "rule": "部门规章或规范性文件",
    "interpretation": "司法解释",
    "union": "工会文件",
    "local": "地方性法规",
    "guide": "办事指南",
    "article": "工会工作文章",
    "file": "导入的文档",
}


def stream(answer: Answer, turn: int) -> Iterator[str]:
    """Yield the answer growing part by part, so that the first sentence shows at once."""
    shown: list[str] = []
    for part in _parts(answer, turn):
        shown.append(part)
        yield f'<div class="answer">{"".join(shown)}</div>'


def _parts(answer: Answer, turn: int) -> Iterator[str]:
    if answer.message:
        title = KIND_TITLES.get(answer.kind, "")
        heading = f"<strong>{escape(title)}</strong>" if title else ""
        message = f"{heading}<p>{escape(answer.message)}</p>"
        yield f'<div class="notice {escape(answer.kind)}">{message}</div>'
    for claim in answer.conclusion:
        yield f'<p class="conclusion">{_claim(claim, turn)}</p>'
    for part in answer.parts:
        items = "".join(f"<li>{_claim(claim, turn)}</li>" for claim in part.claims)
        yield f'<div class="part"><strong>{escape(part.heading)}</strong><ul>{items}</ul></div>'
    if answer.remarks:
        items = "".join(f"<li>{escape(remark)}</li>" for remark in answer.remarks)
        yield f'<div class="part remarks"><strong>请注意</strong><ul>{items}</ul></div>'
    if answer.citations:
        cards = "".join(_card(citation, turn) for citation in answer.citations)
        yield f'<div class="part"><strong>依据</strong>{cards}</div>'
    hotline = f"<p>{escape(answer.hotline)}</p>" if answer.hotline else ""
    yield f'<div class="foot">{hotline}<p>{NOTICE}</p></div>'


def _claim(claim: Claim, turn: int) -> str:
    marks = "".join(
        f'<a class="cite" href="#c{turn}-{number}">[{number}]</a>' for number in claim.citations
    )
    return escape(claim.text) + marks


def _card(citation: Citation, turn: int) -> str:
    title = f"{citation.place} {citation.heading}" if citation.article else citation.place
    facts = [LEVEL_NAMES.get(citation.kind, citation.kind)]
    if citation.valid_from:
        facts.append(f"{citation.valid_from} 起施行")
    facts.append(f"{citation.valid_until} 起不再有效" if citation.valid_until else "现行有效")
    if citation.wording == "restated":
        facts.append(f"{RESTATED}，不是官方原文")
    if citation.checked is None:
        facts.append("未与官方原文核对")
    text = "".join(f"<p>{line}</p>" for line in _marked_text(citation).split("\n"))
    link = f'<p class="source">官方原文查询：{escape(citation.href)}</p>' if citation.href else ""
    note = f'<p class="source">{escape(citation.note)}</p>' if citation.note else ""
    return (
        f'<details class="card" id="c{turn}-{citation.number}">'
        f"<summary>[{citation.number}] {escape(title)}</summary>"
        f'<p class="facts">{escape(" · ".join(facts))}</p>{text}{note}{link}</details>'
    )


def _marked_text(citation: Citation) -> str:
    """Return the whole passage with the quoted words marked, line breaks kept."""
    before, found, after = citation.text.partition(citation.quote)
    if not found:
        return escape(citation.text)
    marked = "\n".join(f"<mark>{escape(line)}</mark>" for line in found.split("\n"))
    return escape(before) + marked + escape(after)
