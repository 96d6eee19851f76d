import socket
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.answer import Question
from assistant.ask import Assistant
from ui.app import NATIONWIDE, create_app, reply
from ui.render import stream


@pytest.fixture(scope="module")
def client(assistant: Assistant) -> Iterator[TestClient]:
    with TestClient(create_app(assistant)) as opened:
        yield opened


def test_programs_get_the_same_answer_as_the_page(client: TestClient, assistant: Assistant) -> None:
    asked = {"question": "试用期最长多久", "on": "2026-11-20"}
    told = client.post("/api/ask", json=asked).json()
    answer = assistant.ask(Question("试用期最长多久", date(2026, 11, 20)))
    assert told["text"] == answer.text
    assert told["kind"] == "answered"


def test_health_counts_what_is_held(client: TestClient) -> None:
    told = client.get("/api/health").json()
    assert told["status"] == "ok"
    assert told["faces"] > told["passages"] > told["documents"] > 0


@pytest.mark.parametrize(
    "asked", [{}, {"question": ""}, {"question": " "}, {"question": "x", "on": "soon"}, {"q": "x"}]
)
def test_a_bad_request_is_told_what_is_wrong(client: TestClient, asked: dict[str, Any]) -> None:
    told = client.post("/api/ask", json=asked)
    assert told.status_code == 422
    assert told.json()["detail"]


def test_the_page_is_served(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "问法" in page.text


def test_the_answer_streams_and_grows(assistant: Assistant) -> None:
    answer = assistant.ask(Question("加班费怎么算", date(2026, 11, 20)))
    parts = list(stream(answer, turn=1))
    assert len(parts) >= 3
    assert all(len(a) < len(b) for a, b in pairwise(parts))
    assert 'href="#c1-1"' in parts[0]
    assert 'id="c1-1"' in parts[-1]
    assert "<mark>" in parts[-1]


def test_nothing_from_a_question_reaches_the_page_as_markup(assistant: Assistant) -> None:
    *_, shown = reply(assistant, "<img src=x onerror=alert(1)>加班费", [], "", NATIONWIDE)
    answer = shown[-1]["content"]
    assert "<img" not in answer


def test_a_day_that_is_none_is_explained(assistant: Assistant) -> None:
    *_, shown = reply(assistant, "加班费怎么算", [], "昨天", NATIONWIDE)
    assert "2026-11-20" in shown[-1]["content"]


def test_a_conversation_keeps_its_turns(assistant: Assistant) -> None:
    *_, first = reply(assistant, "加班费怎么算", [], "", NATIONWIDE)
    *_, second = reply(assistant, "周末呢", first, "", "上海市")
    assert [m["role"] for m in second] == ["user", "assistant"] * 2
    assert 'id="c2-1"' in second[-1]["content"]


def test_serving_and_answering_calls_nobody(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any look-up of a host that is not this machine fails the test."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def watch(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ("localhost", "127.0.0.1", "::1", None):
            asked.append(str(host))
            raise OSError("no network in this test")
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", watch)
    with TestClient(create_app(assistant)) as client:
        client.get("/")
        client.post("/api/ask", json={"question": "工会经费怎么来的"})
    assert asked == []
