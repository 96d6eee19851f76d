import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import typer

import assistant.__main__
import eval.__main__
import ingest.__main__

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
APPS = {
    "assistant": assistant.__main__.app,
    "eval": eval.__main__.app,
    "ingest": ingest.__main__.app,
}


@pytest.mark.parametrize("name", sorted(APPS))
def test_every_command_has_help_and_a_line_in_the_readme(name: str) -> None:
    group = typer.main.get_command(APPS[name])
    for command, found in group.commands.items():  # type: ignore[attr-defined]
        assert found.help, f"{name} {command} has no help"
        assert f"`python -m {name} {command}" in README
        for option in (o for p in found.params for o in p.opts if o.startswith("--")):
            assert option in README or option == "--help", f"{name} {command} {option}"


def test_every_setting_has_a_line_in_the_readme() -> None:
    from assistant.settings import Settings

    for field in Settings.model_fields:
        assert f"WENFA_{field.upper()}" in README


def test_package_names_are_nobody_elses() -> None:
    for name in ("corpus", "ingest", "assistant", "eval", "ui"):
        assert set(packages_distributions().get(name, [])) <= {"wenfa"}


def test_constraints_pin_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    for requirement in wanted:
        name = re.split(r"[<>=\[]", requirement)[0]
        assert f"\n{name}==" in f"\n{pinned}".replace("_", "-"), f"{name} is not pinned"
    assert "+cpu" not in pinned
    assert "://" not in pinned


def test_doctests_hold() -> None:
    modules = sorted(
        str(path.relative_to(ROOT))
        for folder in ("corpus", "ingest", "assistant", "eval", "ui")
        for path in (ROOT / folder).glob("*.py")
        if ">>>" in path.read_text(encoding="utf-8")
    )
    assert modules
    for module in modules:
        name = module.removesuffix(".py").replace("/", ".")
        code = f"import doctest, {name} as m; r = doctest.testmod(m); print(r); assert not r.failed"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
