"""Tests of the report in a real browser, at desktop and phone width."""

import re
import shutil
import struct
import subprocess

import pytest

from kbsearch.evaluation.report import render

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")
WIDTHS = pytest.mark.parametrize("width", [1280, 390])
# Writes down how far the page reaches beyond the window.
PROBE = """<script>addEventListener("load", () => {
  const page = document.documentElement;
  page.dataset.window = innerWidth;
  page.dataset.beyond = page.scrollWidth - page.clientWidth;
});</script>"""


@pytest.fixture(scope="module")
def page(full, history, tmp_path_factory):
    """The report as a file, with the probe."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    html = render(full, "zh", history).replace("</body>", PROBE + "</body>")
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture
def browse(page, tmp_path):
    """Opens the report and gives what the browser prints."""

    def run(*options, width=1280, hash_=""):
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={tmp_path}", f"--window-size={width},900", *options]
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


@WIDTHS
def test_page_shows_all_and_fits(browse, full, read, width):
    """The misses, the figures in the tables, and nothing beyond the window."""
    dom = browse("--dump-dom", width=width)
    text = read(dom).text
    assert hidden(dom) == dict.fromkeys(["q4", "m1", "m2", "m3"], False)
    for values in full.systems.values():
        for estimate in values.values():
            assert f"{estimate.value:.1%}" in text
    assert f'data-window="{width}"' in dom
    assert 'data-beyond="0"' in dom
    assert "4 / 4" in text


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("#search=吹热", ["m2"]),
        ("#search=空调 维修&cause=outranked", ["m1"]),
        ("#type=symptom", ["m2"]),
        ("#search=没有这样的", []),
    ],
)
def test_hash_filters_the_misses(browse, asked, left):
    """By words, all of which must stand in it, and by what is chosen."""
    dom = browse("--dump-dom", hash_=asked)
    assert [name for name, is_hidden in hidden(dom).items() if not is_hidden] == left
    assert f"{len(left)} / 4" in dom


@WIDTHS
def test_screenshot_is_a_picture_of_the_asked_size(browse, tmp_path, width):
    """A PNG, and not of one colour."""
    picture = tmp_path / "report.png"
    browse(f"--screenshot={picture}", width=width)
    content = picture.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (width, 900)
    assert len(content) > 10_000
