"""Readers of the dictionary and of the parallel text."""

import csv
import lzma
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kbsearch.analysis.filters import normalize

CEDICT_FILE = "cc_cedict_2026-06-12.u8.xz"
PARALLEL_FILE = "parallel_en_zh.tsv.xz"

_ENTRY = re.compile(r"(\S+) (\S+) \[[^\]]*\] /(.+)/")
_HAN = re.compile(r"[\u3400-\u9fff]")
# Glosses that say where a word stands instead of what it means.
_NOT_A_MEANING = re.compile(
    r"CL:|see |see also |surname |(old |archaic |Japanese |erhua |nonstandard )*variant of |"
    r"used in |also written |also pr\. |Taiwan pr\. "
)
# Pinyin in brackets, Chinese text, remarks in parentheses: noise to an English encoder.
_NOISE = re.compile(r"\[[^\]]*\]|\([^)]*\)|[^\x00-\x7f]+")
# Format fields of program text: %1$s, %d, {{count}}, {name}, ${x}, <b>, &nbsp;
_FIELD = re.compile(r"%\d*\$?[-.\d]*[a-zA-Z@]|\$?\{+[^{}]*\}+|<[^<>]*>|&[a-z]+;|\\[nt]")
_GLOSSES_KEPT = 4
# Longer strings are paragraphs: slow to encode, and a mean of words says little of them.
_LONGEST = 240


class Translation(NamedTuple):
    """One string of the parallel text; `zh` is normalised."""

    en: str
    zh: str


def read_cedict(path: Path) -> dict[str, str]:
    """Normalised Chinese word → English gloss, up to four meanings joined by ``; ``.

    Words whose entries give no meaning of their own (only variants, surnames, measure words) are
    left out.
    """
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return parse_cedict(lines)


def parse_cedict(lines: Iterable[str]) -> dict[str, str]:
    """As `read_cedict`, from the lines of the file.

    >>> parse_cedict(["空調 空调 [kong1 tiao2] /air conditioning/CL:臺|台[tai2]/"])
    {'空调': 'air conditioning'}
    """
    meanings: dict[str, list[str]] = {}
    for line in lines:
        if (entry := _ENTRY.match(line)) and not line.startswith("#"):
            glosses = meanings.setdefault(normalize(entry[2]), [])
            glosses += [gloss for gloss in _meanings(entry[3]) if gloss not in glosses]
    return {
        word: "; ".join(glosses[:_GLOSSES_KEPT]) for word, glosses in meanings.items() if glosses
    }


def _meanings(glosses: str) -> Iterator[str]:
    """The meanings among an entry's glosses, cleaned."""
    for gloss in glosses.split("/"):
        if not _NOT_A_MEANING.match(gloss):
            meaning = " ".join(_NOISE.sub(" ", gloss).split()).strip(" ,;")
            if meaning:
                yield meaning


def read_parallel(path: Path) -> list[Translation]:
    """The parallel text in file order, without format fields, repeated pairs and paragraphs."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
        return parse_parallel(lines)


def parse_parallel(lines: Iterable[str]) -> list[Translation]:
    r"""As `read_parallel`, from the lines of the file; the first names the columns source, en, zh.

    >>> parse_parallel(["source\ten\tzh", "Android\t%1$s connected\t%1$s已連接"])
    [Translation(en='connected', zh='已连接')]
    """
    pairs: dict[Translation, None] = {}
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        pair = Translation(_plain(row["en"]), normalize(_plain(row["zh"])))
        if 0 < len(pair.en) <= _LONGEST and _HAN.search(pair.zh):
            pairs[pair] = None
    return list(pairs)


def _plain(text: str) -> str:
    """The text without format fields, doubled quotes and runs of spaces."""
    return " ".join(_FIELD.sub(" ", text).replace('""', '"').split())
