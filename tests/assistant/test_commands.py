import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import Settings

KEYS = ["id", "kind", "refused", "answer", "on", "citations", "retrieved", "seconds"]


def run(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={"WENFA_HOME": str(settings.home), "PATH": "", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_ask_prints_the_answer_and_json(settings: Settings) -> None:
    told = run(settings, "assistant", "ask", "试用期最长多久")
    assert "《劳动合同法》第十九条" in told.stdout
    whole = json.loads(run(settings, "assistant", "ask", "试用期最长多久", "--json").stdout)
    assert whole["citations"][0]["provision"] == "labor-contract-law/19"
    assert whole["refused"] is False


def test_ask_on_a_day_uses_the_law_of_that_day(settings: Settings) -> None:
    done = run(settings, "assistant", "ask", "法定节假日有几天", "--on", "2020-01-01", "--json")
    laws = {c["law"]: c["valid_from"] for c in json.loads(done.stdout)["citations"]}
    assert laws["全国年节及纪念日放假办法"] == "2014-01-01"


def test_batch_keeps_the_contract_and_reports_bad_lines(settings: Settings, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(
        '{"id": 1, "question": "试用期最长多久"}\n'
        "not json\n"
        '{"id": 2}\n'
        '{"id": 3, "question": " "}\n'
        "\n"
        '{"id": "四", "question": "明天天气怎么样", "on": "2025-01-01", "region": "北京市"}\n'
        '{"id": 5, "question": "劳动监察管多久以前的事", "history": ["老板欠薪"], "extra": 1}\n',
        encoding="utf-8",
    )
    done = run(settings, "assistant", "batch", str(source), "--out", str(out))
    assert done.returncode == 1
    for number in (2, 3, 4):
        assert f"第 {number} 行" in done.stderr
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == [1, "四", 5]
    assert all(list(line) == KEYS for line in lines)
    first = lines[0]
    assert first["citations"][0]["article"] == 19
    assert list(first["citations"][0]) == ["id", "law", "article", "wording", "quote"]
    assert list(first["retrieved"][0]) == ["id", "law", "article"]
    assert lines[1]["refused"] is True
    assert lines[1]["on"] == "2025-01-01"


def test_a_missing_file_or_index_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    done = run(settings, "assistant", "batch", "nothing.jsonl", "--out", str(tmp_path / "o"))
    assert done.returncode == 1
    assert "JSONL" in done.stderr
    empty = Settings(home=tmp_path / "empty", _env_file=None)
    done = run(empty, "assistant", "ask", "试用期")
    assert done.returncode == 1
    assert "python -m ingest build" in done.stderr


def test_documents_are_added_listed_and_removed(settings: Settings, tmp_path: Path) -> None:
    note = tmp_path / "本厂慰问办法.txt"
    note.write_text("本厂工会给夜班职工发热汤券。", encoding="utf-8")
    added = run(settings, "ingest", "add", str(note))
    name = added.stdout.split("已导入 ")[1].split()[0]
    listed = json.loads(run(settings, "ingest", "list", "--json").stdout)
    assert name in [document["id"] for document in listed]
    assert "移除 1 份" in run(settings, "ingest", "remove", name).stdout
    failed = run(settings, "ingest", "add", str(tmp_path / "nothing.pdf"))
    assert failed.returncode == 1
    assert "找不到" in failed.stdout


@pytest.mark.parametrize("module", ["assistant", "ingest", "eval"])
def test_help_is_in_chinese(settings: Settings, module: str) -> None:
    assert "问" in run(settings, module, "--help").stdout or module != "assistant"
    assert run(settings, module, "--help").returncode == 0


def test_answering_never_imports_torch(settings: Settings) -> None:
    code = """
import sys
from datetime import date
from assistant.answer import Question
from assistant.ask import Assistant
from assistant.settings import settings
from ingest.library import open_library
import ui.app
ui.app.create_app(Assistant(open_library(settings())))
Assistant(open_library(settings())).ask(Question("试用期最长多久", date(2026, 11, 20)))
assert "torch" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"WENFA_HOME": str(settings.home), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
