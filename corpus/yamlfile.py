"""Read YAML as people write it: `on`, `yes` and `no` are words, not truth values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from corpus.errors import FormatError

_BOOL = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """YAML 1.2's idea of truth values: only true and false."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != _BOOL or first in "tTfF"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> Any:
    """Read a file; raises FormatError with the line where it is no YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FormatError(path, line, f"不是有效的 YAML：{error.problem}") from error
