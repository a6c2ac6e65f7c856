"""Tests of the report in a real browser, at desktop and phone width."""

import re
import shutil
import struct
import subprocess
from html import escape

import pytest

from kbsearch.evaluation.report import render

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")
WIDTHS = pytest.mark.parametrize("width", [1280, 390])
# A window is at least 500 pixels wide, a frame is not; says how far the page reaches beyond it.
FRAME = """<!doctype html><iframe width="{width}" height="900" style="border: 0"
srcdoc="{page}"></iframe><script>addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument.documentElement;
  document.body.dataset.width = page.clientWidth;
  document.body.dataset.beyond = page.scrollWidth - page.clientWidth;
  for (const each of page.querySelectorAll("details")) each.open = true;
  document.body.dataset.opened = page.scrollWidth - page.clientWidth;
}});</script>"""


@pytest.fixture(scope="module")
def html(full, history):
    """The report."""
    return render(full, "zh", history)


@pytest.fixture
def browse(tmp_path):
    """Opens a page and gives what the browser prints."""

    def run(html, *options, width=1280, hash_=""):
        page = tmp_path / "report.html"
        page.write_text(html, encoding="utf-8")
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={tmp_path / 'user'}", f"--window-size={width},900", *options]
        return subprocess.run(
            [*command, page.as_uri() + hash_],
            check=True,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        ).stdout

    return run


def hidden(dom):
    """Ids of the misses, and whether each is hidden."""
    found = re.findall(r'<article class="miss" id="miss-(\w+)"([^>]*)>', dom)
    return {name: "hidden" in attributes for name, attributes in found}


def test_page_shows_all(browse, html, full, read):
    """Once it is loaded, with its script run: every miss, and the figures in the tables."""
    dom = browse(html, "--dump-dom")
    assert hidden(dom) == dict.fromkeys(["q4", "m1", "m2", "m3"], False)
    assert "4 / 4" in dom
    text = read(dom).text
    for values in full.systems.values():
        for estimate in values.values():
            assert f"{estimate.value:.1%} {estimate.low:.1%}–{estimate.high:.1%}" in text


@WIDTHS
def test_nothing_is_wider_than_the_window(browse, html, width):
    """Neither at first nor with all details open."""
    dom = browse(FRAME.format(width=width, page=escape(html)), "--dump-dom", width=1400)
    assert f'<body data-width="{width}" data-beyond="0" data-opened="0">' in dom


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("#search=吹热", ["m2"]),
        ("#search=空调 维修&cause=outranked", ["m1"]),
        ("#type=symptom", ["m2"]),
        ("#search=没有这样的", []),
    ],
)
def test_hash_filters_the_misses(browse, html, asked, left):
    """By words, all of which must stand in it, and by what is chosen."""
    dom = browse(html, "--dump-dom", hash_=asked)
    assert [name for name, is_hidden in hidden(dom).items() if not is_hidden] == left
    assert f"{len(left)} / 4" in dom


@WIDTHS
def test_screenshot_is_a_picture_of_the_asked_size(browse, html, tmp_path, width):
    """A PNG that is not empty."""
    picture = tmp_path / "report.png"
    browse(html, f"--screenshot={picture}", width=width)
    content = picture.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (width, 900)
    assert len(content) > 10_000
