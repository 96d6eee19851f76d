"""Text -> terms: what the lexical index counts. Knows nothing about documents."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Protocol

import opencc

_RUNS = re.compile(r"[㐀-鿿]+|[a-z]+(?:[+&][a-z0-9]+)?|\d+(?:\.\d+)?[a-z]?(?:\+\d+)?")
_HAN = re.compile(r"[㐀-鿿]")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _simplifier() -> _Converter:
    converter: _Converter = opencc.OpenCC("t2s")
    return converter


def simplify(text: str) -> str:
    """Traditional characters to simplified ones."""
    return _simplifier().convert(text)


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """Fold width, case and traditional characters, so that 勞動法 ２Ｎ equals 劳动法 2n.

    >>> normalise("勞動合同　２Ｎ")
    '劳动合同 2n'
    """
    return simplify(" ".join(unicodedata.normalize("NFKC", text).lower().split()))


def terms(text: str) -> list[str]:
    """Cut text into overlapping character bigrams; words and numbers in Latin script stay whole.

    >>> terms("试用期2N")
    ['试用', '用期', '2n']
    """
    found: list[str] = []
    for run in _RUNS.findall(normalise(text)):
        if len(run) == 1 or not _HAN.match(run):
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)]
    return found
