"""Paths to files, and the bytes of a file to text."""

import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from kbsearch.errors import Problem
from kbsearch.loaders.draft import SourceFile, shown

MAX_BYTES = 512 * 1024**2
"""Largest file that is read; a whole knowledge base of 100,000 articles takes about half of it."""

_SKIPPED_PREFIXES = (".", "~$")  # hidden files, and the lock files of an open spreadsheet
_HAN = re.compile(r"[\u4e00-\u9fff]")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")


def find_files(
    paths: Iterable[str | Path], suffixes: Collection[str]
) -> tuple[list[SourceFile], list[Problem]]:
    """The files that `paths` name, each once, sorted by name, and what is wrong with the paths.

    A folder gives its files of these suffixes, subfolders included, without hidden files and
    folders, README.md, and folders that are symbolic links. A named file is always taken.

    Args:
        paths: Files and folders.
        suffixes: Lower-case suffixes that can be read, such as ``.md``.
    """
    allowed = {"allowed": " ".join(sorted(suffixes))}
    problems: list[Problem] = []
    found: dict[str, SourceFile] = {}
    for path in map(Path, paths):
        name = _printable(path)
        inside = [path]
        if os.path.isdir(path):
            inside = [file for file in _walk(path, problems) if file.suffix.lower() in suffixes]
            if not inside:
                problems.append(Problem("empty_folder", name, params=allowed))
        elif not os.path.isfile(path):
            problems.append(Problem("path_not_found", name, value=shown(name)))
            continue
        elif path.suffix.lower() not in suffixes:
            problems.append(Problem("unknown_suffix", name, value=path.suffix, params=allowed))
            continue
        for file in inside:
            found.setdefault(os.path.realpath(file), SourceFile(file, _printable(file)))
    return sorted(found.values(), key=lambda file: file.name), problems


def read_bytes(file: SourceFile) -> bytes | Problem:
    """The content of `file`, or why it cannot be had."""
    try:
        size = file.path.stat().st_size
        if size > MAX_BYTES:
            limit = {"limit": f"{MAX_BYTES // 1024**2} MiB"}
            return Problem("file_too_large", file.name, value=str(size), params=limit)
        return file.path.read_bytes()
    except OSError as error:
        return Problem("unreadable", file.name, params={"reason": error.strerror or str(error)})


def read_text(file: SourceFile) -> str | Problem:
    r"""The UTF-8 text of `file` with ``\n`` as its only line end, or what is wrong with it."""
    raw = read_bytes(file)
    return raw if isinstance(raw, Problem) else decode(file, raw)


def decode(file: SourceFile, raw: bytes, encoding: str = "utf-8") -> str | Problem:
    r"""The text of `raw` with ``\n`` as its only line end, or where it is not in `encoding`.

    A byte order mark is dropped. The problem says so where the bytes look like another encoding
    that editors meet: GB18030 (what spreadsheets in Chinese save CSV in) or UTF-16.
    """
    try:
        text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        params = {
            "encoding": encoding.upper(),
            "line_number": str(line),
            "byte": f"0x{raw[error.start]:02X}",
            "offset": str(error.start + 1),
        }
        return Problem(_encoding_code(raw), file.name, line, value=params["byte"], params=params)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _walk(folder: Path, problems: list[Problem]) -> Iterator[Path]:
    """Every file under `folder` that is not hidden; unreadable folders go to `problems`."""

    def report(error: OSError) -> None:
        name = _printable(Path(error.filename))
        problems.append(Problem("unreadable", name, params={"reason": str(error.strerror)}))

    for parent, folders, names in os.walk(folder, onerror=report):
        folders[:] = [name for name in folders if not name.startswith(_SKIPPED_PREFIXES)]
        for name in names:
            path = Path(parent, name)
            hidden = name.startswith(_SKIPPED_PREFIXES) or name.lower() == "readme.md"
            if not hidden and path.is_file():
                yield path


def _printable(path: Path) -> str:
    """The path as the user named it; bytes that are no text are escaped, so it can be printed."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _encoding_code(raw: bytes) -> str:
    """The code of the problem that bytes in a wrong encoding are."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "wrong_encoding_utf16"
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return "wrong_encoding"
    is_chinese = _HAN.search(text) and not _BINARY.search(text)
    return "wrong_encoding_gb18030" if is_chinese else "wrong_encoding"
