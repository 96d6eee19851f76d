import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from assistant.settings import Settings
from corpus.errors import IngestError
from ingest import index as index_module
from ingest import library
from ingest.index import Filter, build_generation, read_manifest
from ingest.library import open_library
from ingest.store import Store

TODAY = Filter(date(2026, 11, 20))


@pytest.fixture
def home(small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A library built from the small corpus."""
    from corpus.reader import read_corpus

    monkeypatch.setattr(library, "read_corpus", lambda: read_corpus(small_corpus))
    settings = Settings(home=tmp_path / "home", _env_file=None)
    library.build(settings)
    return settings


def found(settings: Settings, query: str, within: Filter = TODAY) -> list[str]:
    opened = open_library(settings)
    try:
        return [hit.passage.id for hit in opened.index.search(query, within=within)]
    finally:
        opened.close()


def found_or_told(settings: Settings, query: str) -> str:
    """The first three passages found, or what the user is told."""
    try:
        return " ".join(found(settings, query)[:3])
    except IngestError as error:
        return str(error)


def edit(small_corpus: Path, old: str, new: str) -> None:
    path = small_corpus / "regulations" / "holiday@2025-01-01.md"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_the_version_in_force_on_the_day_is_searched(home: Settings) -> None:
    assert found(home, "法定节假日一共几天")[0] == "holiday@2025-01-01/1"
    before = Filter(date(2024, 6, 1))
    assert found(home, "法定节假日一共几天", before)[0] == "holiday@2014-01-01/1"
    assert found(home, "法定节假日一共几天", Filter(date(2010, 1, 1))) == []


def test_a_second_build_writes_nothing(home: Settings) -> None:
    generation = read_manifest(home.index_folder)
    changes = library.build(home)
    assert changes.written == ()
    assert read_manifest(home.index_folder) == generation


def test_a_changed_article_is_found_by_its_new_words(home: Settings, small_corpus: Path) -> None:
    edit(small_corpus, "妇女放假半天", "妇女放假半天，逛公园不收门票")
    assert "holiday@2025-01-01" in library.build(home).written
    assert found(home, "逛公园不收门票")[0] == "holiday@2025-01-01/1"


def test_a_vanished_instrument_is_removed(home: Settings, small_corpus: Path) -> None:
    (small_corpus / "regulations" / "holiday@2014-01-01.md").unlink()
    assert library.build(home).removed == ("holiday@2014-01-01",)
    then = found(home, "法定节假日", Filter(date(2020, 1, 1)))
    assert "holiday@2014-01-01/1" not in then
    assert then[0] == "holiday@2025-01-01/1", "the earliest text held stands in, marked so"


def test_an_imported_document_is_found_at_once_and_survives_a_build(
    home: Settings, small_corpus: Path, tmp_path: Path
) -> None:
    note = tmp_path / "慰问办法.txt"
    note.write_text("会员生日可以领一张蛋糕券。", encoding="utf-8")
    (name,) = library.add(home, [note]).written
    assert found(home, "生日蛋糕券")[0] == f"{name}/1"
    edit(small_corpus, "妇女放假半天", "妇女放假半天整")
    library.build(home)
    assert found(home, "生日蛋糕券")[0] == f"{name}/1"
    assert library.add(home, [note]).written == ()


def test_removed_words_are_nowhere_on_disk(home: Settings, tmp_path: Path) -> None:
    note = tmp_path / "机密.txt"
    note.write_text("代号夜莺的补贴方案只限内部。", encoding="utf-8")
    (name,) = library.add(home, [note]).written
    library.remove(home, [name])
    assert name not in [hit.rpartition("/")[0] for hit in found(home, "代号夜莺的补贴方案")]
    store = Store(home.library_url)
    store.close()
    needle = "夜莺".encode()
    holders = [p for p in home.home.rglob("*") if p.is_file() and needle in p.read_bytes()]
    assert holders == []


def test_bundled_and_unknown_documents_cannot_be_removed(home: Settings) -> None:
    with pytest.raises(IngestError, match="自带"):
        library.remove(home, ["holiday@2025-01-01"])
    with pytest.raises(IngestError, match="ingest list"):
        library.remove(home, ["file:nothing"])


def test_what_came_after_the_generation_is_replayed(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the store and the index leaves the new state, from the store alone."""
    monkeypatch.setattr(library, "_settle", lambda *args, **kwargs: None)
    note = tmp_path / "通知.md"
    note.write_text("食堂周三吃饺子。", encoding="utf-8")
    (name,) = library.add(home, [note]).written
    assert found(home, "食堂吃饺子")[0] == f"{name}/1"
    library.remove(home, [name])
    assert f"{name}/1" not in found(home, "食堂吃饺子")


def test_an_open_index_catches_up(home: Settings, tmp_path: Path) -> None:
    reader = open_library(home)
    note = tmp_path / "通知.md"
    note.write_text("工会组织爬山。", encoding="utf-8")
    library.add(home, [note])
    assert reader.index.refresh()
    assert not reader.index.refresh()
    assert reader.index.search("爬山", within=TODAY)[0].passage.text == "工会组织爬山。"
    reader.close()


def test_a_failed_switch_leaves_the_old_generation(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_manifest(home.index_folder)

    def fail(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(index_module, "_switch", fail)
    opened = open_library(home)
    with pytest.raises(OSError, match="space"):
        build_generation(opened.store, opened.embedder, home.index_folder)
    opened.close()
    assert read_manifest(home.index_folder) == before
    assert found(home, "法定节假日")[0] == "holiday@2025-01-01/1"


def test_a_damaged_generation_says_what_to_run(home: Settings) -> None:
    current = (home.index_folder / "CURRENT").read_text(encoding="utf-8")
    (home.index_folder / current / "dense.faiss").write_bytes(b"broken")
    with pytest.raises(IngestError, match="ingest build"):
        open_library(home)


def test_a_library_of_another_version_says_what_to_do(home: Settings) -> None:
    import sqlite3

    connection = sqlite3.connect(home.home / "library.db")
    connection.execute("ALTER TABLE documents ADD COLUMN colour TEXT")
    connection.commit()
    connection.close()
    with pytest.raises(IngestError, match="另一个版本"):
        open_library(home)


def test_nothing_built_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="ingest build"):
        open_library(Settings(home=tmp_path, _env_file=None))


def test_another_model_than_the_index_was_built_with_says_what_to_run(home: Settings) -> None:
    store = Store(home.library_url)
    store.sync([], {}, facts={"model": "static-other"})
    store.close()
    with pytest.raises(IngestError, match="static-other"):
        open_library(home)
    library.build(home)
    assert found(home, "法定节假日")[0] == "holiday@2025-01-01/1"


def test_a_kill_during_the_build_leaves_a_whole_index(settings: Settings, tmp_path: Path) -> None:
    """Kill real builds at many moments: what is left opens and answers, or was never built."""
    env = os.environ | {"WENFA_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "models").symlink_to(settings.model_folder)
    killed = Settings(home=tmp_path / "home", _env_file=None)
    for wait in (1.2, 1.8, 2.4, 3.0, 4.0):
        done = subprocess.Popen([sys.executable, "-m", "ingest", "build"], env=env)
        time.sleep(wait)
        done.send_signal(signal.SIGKILL)
        done.wait()
        left = found_or_told(killed, "试用期最长多久")
        assert "还没有建立索引" in left or "labor-contract-law@2013-07-01/19" in left
    subprocess.run([sys.executable, "-m", "ingest", "build"], env=env, check=True)
    assert "labor-contract-law@2013-07-01/19" in found(killed, "试用期最长多久")[:3]
