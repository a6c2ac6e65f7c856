"""Tests of the package's face: its public names, and what importing and searching load."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import kbsearch

ROOT = Path(kbsearch.__file__).parent
HEAVY = ["numpy", "torch", "faiss", "jieba", "rjieba", "pydantic", "opencc", "scipy", "typer"]


def loaded_after(code, *arguments):
    """The names of all modules that a new Python has loaded after running `code`."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_public_names_are_sorted():
    """`__all__` is in order and names nothing twice."""
    assert kbsearch.__all__ == sorted(set(kbsearch.__all__))


@pytest.mark.parametrize("name", kbsearch.__all__)
def test_public_name_can_be_imported_and_is_documented(name):
    """Every name of `__all__` is there, comes from kbsearch, and says what it is."""
    public = getattr(kbsearch, name)
    assert public.__module__.startswith("kbsearch.")
    assert inspect.getdoc(public)


def test_type_checkers_see_the_same_names():
    """The names imported for type checkers are those of `__all__`, from the same modules."""
    tree = ast.parse(inspect.getsource(kbsearch))
    seen = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        for alias in node.names
    }
    assert sorted(seen) == kbsearch.__all__
    for name, module in seen.items():
        assert getattr(kbsearch, name) is getattr(importlib.import_module(module), name)


def test_public_signatures_speak_public_names():
    """What KnowledgeBase's methods give back can itself be imported from the package."""
    for name in ("search", "recommend", "update", "conversation"):
        given = inspect.signature(getattr(kbsearch.KnowledgeBase, name)).return_annotation
        assert given.__name__ in kbsearch.__all__


def test_contract_is_kept_by_the_signatures():
    """The arguments that DESIGN.md names, options by keyword only, with their defaults."""
    search = inspect.signature(kbsearch.KnowledgeBase.search).parameters
    assert list(search)[:2] == ["self", "text"]
    assert {name: search[name].default for name in ("top_k", "filters", "explain")} == {
        "top_k": 5,
        "filters": None,
        "explain": False,
    }
    assert not search["context"].default
    for method, options in {
        "build": ["settings"],
        "search": ["top_k", "filters", "context", "explain"],
        "recommend": ["conversation", "article_id", "context"],
        "update": ["delete"],
    }.items():
        parameters = inspect.signature(getattr(kbsearch.KnowledgeBase, method)).parameters
        for option in options:
            assert parameters[option].kind is inspect.Parameter.KEYWORD_ONLY


def test_unknown_name_is_an_attribute_error():
    """A misspelt name fails as in any module, and `dir` knows the right ones."""
    with pytest.raises(AttributeError, match="KnowledgeBas"):
        kbsearch.KnowledgeBas  # noqa: B018  # the access is the test
    assert set(kbsearch.__all__) <= set(dir(kbsearch))


def test_import_loads_nothing_heavy():
    """`import kbsearch` is free: neither arrays nor models nor segmenters are loaded."""
    loaded = loaded_after("import kbsearch; dir(kbsearch)")
    assert "kbsearch" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_search_with_the_bundled_model_never_loads_torch(built):
    """Opening, searching, recommending and updating run without torch and its friends."""
    loaded = loaded_after(
        "import sys, kbsearch\n"
        "knowledge_base = kbsearch.KnowledgeBase.open(sys.argv[1])\n"
        "assert knowledge_base.search('空调不制冷', explain=True).hits\n"
        "knowledge_base.recommend('空调不制冷')",
        built,
    )
    assert "numpy" in loaded
    assert loaded.isdisjoint(["torch", "sentence_transformers", "transformers", "sklearn"])
    assert loaded.isdisjoint(["scipy", "ir_measures", "typer", "openpyxl", "bs4"])


def test_command_line_starts_without_models():
    """Showing help loads no index and no model."""
    loaded = loaded_after(
        "from kbsearch.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    )
    assert "typer" in loaded
    assert loaded.isdisjoint(["torch", "faiss", "jieba", "rjieba", "tokenizers", "scipy"])


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_module_says_what_it_is_for(path):
    """Each module has a docstring, and each public class and function in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)


def test_package_map_names_every_part():
    """Someone reading the package's docstring is told of each of its folders and modules."""
    parts = {
        path.stem
        for path in ROOT.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file())
        and not path.name.startswith("_")
    }
    assert {part for part in parts if f"`{part}`" not in kbsearch.__doc__} == set()
