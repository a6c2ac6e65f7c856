"""Tests of README.md: what it shows works, and nothing that exists is missing from it."""

import os
import re
from pathlib import Path

import pytest
import typer

from kbsearch.cli import application
from kbsearch.cli.console import Console

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme():
    """Each command of the CLI stands in the table of commands."""
    commands = typer.main.get_command(application(Console("en"))).commands
    table = README[README.index("| command | does |") : README.index("## 给知识编辑")]
    assert len(commands) >= 12
    assert [
        name for name in commands if f"`{name}`" not in table and f"search {name}" not in table
    ] == []


def test_python_example_runs(tmp_path, monkeypatch):
    """The Python example does what its comments say."""
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    os.symlink(ROOT / "corpora", tmp_path / "corpora")
    names: dict = {}
    exec(compile(example, "README.md", "exec"), names)
    assert repr(names["response"].hits[0].title) in example


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(link):
    """A link to a file of the project names one that exists."""
    assert (ROOT / link).exists()


def test_every_make_target_is_explained():
    """`make help` shows each target, since each has a text behind ``##``."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    unexplained = [
        t for t in phony[1].split() if not re.search(rf"^{t}:.*##", makefile, re.MULTILINE)
    ]
    assert unexplained == []
