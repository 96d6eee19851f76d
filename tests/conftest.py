"""One library of the real corpus for the whole run, built in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from assistant.ask import Assistant
from assistant.settings import Settings
from corpus.reader import Corpus, read_corpus
from ingest import library


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return read_corpus()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    built = Settings(home=tmp_path_factory.mktemp("home"), _env_file=None)
    library.build(built)
    return built


@pytest.fixture(scope="session")
def assistant(settings: Settings) -> Iterator[Assistant]:
    opened = library.open_library(settings)
    yield Assistant(opened)
    opened.close()


@pytest.fixture
def small_corpus(tmp_path: Path) -> Path:
    """A corpus of one short instrument in two versions, for tests that change it."""
    root = tmp_path / "corpus"
    (root / "regulations").mkdir(parents=True)
    for version, days, ended in (("2014-01-01", "11", "null"), ("2025-01-01", "13", "null")):
        (root / "regulations" / f"holiday@{version}.md").write_text(
            f"""---
title: 放假办法
short: 放假办法
kind: regulation
issuer: 国务院
number: null
region: CN
first_in_force: 2014-01-01
adopted: {version}
amended: []
repealed: {ended}
source: {{name: 国家法律法规数据库, href: "https://flk.npc.gov.cn"}}
checked: 2026-11-20
---
### 第一条 一年放几天
全体公民放假的节日一年有 {days} 天。

碰上下面的日子，部分人放假：
（一）妇女节，妇女放假半天；
（二）青年节，青年放假半天。

- 术语：法定节假日
- 问：一年法定节假日一共几天？
- 问：妇女节放不放假？
### 第二条 从哪天起
这个办法从公布那天起施行。

- 问：放假办法哪天生效？
- 问：新的放假天数从什么时候开始算？
""",
            encoding="utf-8",
        )
    return root
