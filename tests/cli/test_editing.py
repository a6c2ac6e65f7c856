"""Tests of the editors' commands: validate, build, template, info, verify, snapshots and more."""

import json
import shutil

import pytest

from kbsearch.knowledge_base import KnowledgeBase

GOOD = {"id": "good", "kind": "faq", "title": "手表没电怎么办", "body": "请充电。"}
# One line each, and the code of what is wrong with it.
BAD = {
    "bad_enum": {**GOOD, "id": "a", "kind": "fqa"},
    "missing_field": {"id": "b", "kind": "faq", "body": "正文"},
    "date_order": {
        **GOOD,
        "id": "c",
        "valid_from": "2026-05-01",
        "valid_until": "2026-04-01",
    },
    "duplicate_id": GOOD,
    "dangling_link": {**GOOD, "id": "d", "links": [{"rel": "see_also", "id": "nowhere"}]},
    "attachment_missing": {
        **GOOD,
        "id": "e",
        "attachments": [{"type": "image", "path": "no.png"}],
    },
    "misspelt_field": {**GOOD, "id": "f", "catgory": "穿戴设备"},
    "json_syntax": None,
}


@pytest.fixture
def write(tmp_path):
    """Writes articles as JSONL; None is a line that is no JSON."""

    def write_lines(rows, name="articles.jsonl"):
        path = tmp_path / name
        lines = ["{no json" if row is None else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write_lines


@pytest.fixture
def index(built, tmp_path):
    """A copy of the small index that a command may write to."""
    return shutil.copytree(built, tmp_path / "index")


def test_validate_lists_all_problems_with_file_and_line(run, write):
    """Eight faults of eight lines in one run, each with code, line, field and what to do."""
    path = write([GOOD, *BAD.values()])
    result = run("validate", path, "--json")
    assert result.code == 1
    document = result.document
    assert (document["passed"], document["errors"]) == (False, len(BAD))
    errors = [found for found in document["problems"] if found["severity"] == "error"]
    assert {(found["code"], found["line"]) for found in errors} == {
        (code, line) for line, code in enumerate(BAD, start=2)
    }
    for found in errors:
        assert found["path"] == str(path)
        assert found["message"]
    by_code = {found["code"]: found for found in errors}
    assert (by_code["bad_enum"]["field"], by_code["bad_enum"]["value"]) == ("kind", "fqa")
    assert by_code["date_order"]["article_id"] == "c"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_validate_prints_every_problem_on_its_line(run, write, lang):
    """For people: file:line, and the value, in either language; the count comes last."""
    path = write([GOOD, *BAD.values()])
    result = run("validate", path, "--lang", lang)
    assert result.code == 1
    lines = result.out.splitlines()
    for number, _ in enumerate(BAD, start=2):
        assert any(line.startswith(f"{path}:{number}: ") for line in lines)
    assert "fqa" in result.out
    assert str(len(BAD)) in lines[-1]


def test_validate_passes_sound_articles(run, write):
    """Exit code 0, and how many articles there are."""
    result = run("validate", write([GOOD]), "--json")
    assert result.code == 0
    assert result.document == {
        "passed": True,
        "articles": 1,
        "errors": 0,
        "warnings": 0,
        "problems": [],
    }
    assert run("validate", write([GOOD])).code == 0


def test_warnings_do_not_fail(run, write):
    """An article without a body is reported, and usable."""
    result = run("validate", write([{**GOOD, "body": ""}]), "--json")
    assert (result.code, result.document["warnings"]) == (0, 1)


def test_validate_takes_several_sources_as_one(run, write):
    """An id that stands in two files is a problem of the whole source."""
    first, second = write([GOOD], "first.jsonl"), write([GOOD], "second.jsonl")
    assert run("validate", first).code == 0
    result = run("validate", first, second, "--json")
    assert [found["code"] for found in result.document["problems"]] == ["duplicate_id"]
    assert result.document["problems"][0]["path"] == str(second)


def test_build_publishes_and_says_what_it_did(run, write, tmp_path):
    """The report as JSON has the counts; the index opens with that snapshot."""
    rows = [GOOD, {**GOOD, "id": "hidden", "title": "草稿", "status": "draft"}]
    result = run("build", write(rows), "--index", tmp_path / "index", "--json")
    document = result.document
    assert result.code == 0
    assert (document["articles"], document["added"], document["unchanged"]) == (1, 1, 0)
    assert document["held_back"] == {"draft": 1}
    opened = KnowledgeBase.open(tmp_path / "index")
    assert opened.snapshot_id == document["snapshot_id"]
    again = run("build", write(rows), "--index", tmp_path / "index", "--json").document
    assert (again["added"], again["unchanged"]) == (0, 1)
    assert again["snapshot_id"] == document["snapshot_id"]


def test_large_build_shows_how_far_it_is(run, write, tmp_path, monkeypatch):
    """With workers too: each stage has a name in both languages."""
    monkeypatch.setattr("kbsearch.indexer.workers._LEAST_ARTICLES", 4)
    monkeypatch.setattr("kbsearch.indexer.workers._CHUNK", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    path = write([{**GOOD, "id": f"a{n}"} for n in range(8)])
    for lang in ("zh", "en"):
        result = run("build", path, "--index", tmp_path / lang, "--lang", lang)
        assert result.code == 0


def test_build_prints_the_snapshot_for_people(run, write, tmp_path):
    """What was published, and how many articles are held back by their status."""
    rows = [GOOD, {**GOOD, "id": "hidden", "title": "草稿", "status": "draft"}]
    result = run("build", write(rows), "--index", tmp_path / "index")
    assert KnowledgeBase.open(tmp_path / "index").snapshot_id in result.out
    assert "draft 1" in result.out


def test_build_refuses_broken_articles_and_keeps_the_snapshot(run, write, index):
    """Exit code 1, every problem on stderr, nothing on stdout, the old snapshot published."""
    before = KnowledgeBase.open(index).snapshot_id
    path = write([GOOD, *BAD.values()])
    result = run("build", path, "--index", index)
    assert (result.code, result.out) == (1, "")
    for line in range(2, 2 + len(BAD)):
        assert f"{path}:{line}: " in result.err
    assert KnowledgeBase.open(index).snapshot_id == before


def test_build_skips_invalid_articles_and_says_which(run, write, tmp_path):
    """With `--skip-invalid` the sound ones are built; each fault is shown as by `validate`."""
    path = write([GOOD, *BAD.values()])
    options = ("--index", tmp_path / "index", "--skip-invalid")
    result = run("build", path, *options)
    assert result.code == 0
    for line in range(2, 2 + len(BAD)):
        assert f"{path}:{line}: " in result.out
    document = run("build", path, *options, "--json").document
    errors = {found["code"] for found in document["problems"] if found["severity"] == "error"}
    assert errors == set(BAD)
    # A broken link costs the link, not its article.
    assert [a.id for a in KnowledgeBase.open(tmp_path / "index").articles()] == ["d", "good"]


def test_build_takes_settings_from_a_file(run, write, tmp_path):
    """What the TOML file says is in the snapshot; the rest has its default."""
    settings = tmp_path / "settings.toml"
    settings.write_text("[fusion]\ndense_weight = 0.25\n", encoding="utf-8")
    index = tmp_path / "index"
    assert run("build", write([GOOD]), "--index", index, "--settings", settings).code == 0
    opened = KnowledgeBase.open(index).settings
    assert opened.fusion.dense_weight == 0.25
    assert opened.bm25 == type(opened)().bm25


@pytest.mark.parametrize(
    "content", ["no toml", "[fusion]\ndense_weight = 2\n", "[fusoin]\n", "x = 1\n", None]
)
def test_wrong_settings_are_wrong_use(run, write, tmp_path, content):
    """No TOML, an impossible value, an unknown name, no such file: exit code 2, nothing built."""
    settings = tmp_path / "settings.toml"
    if content is not None:
        settings.write_text(content, encoding="utf-8")
    result = run("build", write([GOOD]), "--index", tmp_path / "i", "--settings", settings)
    assert (result.code, result.out) == (2, "")
    assert not (tmp_path / "i").exists()


def test_template_is_a_source_that_can_be_read(run, tmp_path):
    """The XLSX file is written, and `validate` reads it without an error."""
    path = tmp_path / "template.xlsx"
    assert run("template", path).code == 0
    assert run("validate", path, "--json").document["errors"] == 0


def test_info_shows_the_manifest(run, built):
    """Counts, settings and checksums as JSON; the counts for people, too."""
    document = run("info", "--index", built, "--json").document
    manifest = KnowledgeBase.open(built).info()
    assert document == json.loads(manifest.model_dump_json())
    assert document["contents"]["counts"]["articles"] == 5
    assert manifest.snapshot_id in run("info", "--index", built).out


def test_verify_passes_a_sound_index(run, built):
    """Exit code 0; files, queries and vectors that were checked."""
    result = run("verify", "--index", built, "--sample", 3, "--json")
    assert result.code == 0
    document = result.document
    assert document["passed"] is True
    assert document["vectors"] == 3
    assert document["files"] == len(KnowledgeBase.open(built).info().files)
    assert run("verify", "--index", built).code == 0


def test_verify_names_a_damaged_file(run, index):
    """A truncated file: exit code 1, the file's name on stderr, nothing on stdout."""
    path = next(index.glob("snapshots/*/main/terms.txt"))
    path.write_bytes(path.read_bytes()[:-1])
    result = run("verify", "--index", index, "--json")
    assert (result.code, result.out) == (1, "")
    assert "terms.txt" in result.err


def test_snapshots_are_listed_rolled_back_and_collected(run, index):
    """Two snapshots; the older one is published again; the other one is deleted."""
    old = KnowledgeBase.open(index).snapshot_id
    new = KnowledgeBase.open(index).update(delete=["watch-battery"]).snapshot_id
    listed = run("snapshots", "--index", index, "--json").document
    assert [(each["snapshot_id"], each["published"]) for each in listed] == [
        (old, False),
        (new, True),
    ]
    assert [each["counts"]["articles"] for each in listed] == [5, 4]
    assert run("rollback", "--index", index).code == 0
    assert KnowledgeBase.open(index).snapshot_id == old
    lines = run("snapshots", "--index", index).out.splitlines()
    assert [line.startswith("*") for line in lines] == [True, False]
    result = run("gc", "--index", index, "--keep", 0)
    assert (result.code, new in result.out) == (0, True)
    assert len(run("snapshots", "--index", index, "--json").document) == 1
    assert KnowledgeBase.open(index).snapshot_id == old


def test_rollback_may_name_its_snapshot(run, index):
    """By its id any snapshot is published, also a newer one; an unknown one is wrong use."""
    old = KnowledgeBase.open(index).snapshot_id
    new = KnowledgeBase.open(index).update(delete=["watch-battery"]).snapshot_id
    for name in (old, new):
        assert run("rollback", name, "--index", index).code == 0
        assert KnowledgeBase.open(index).snapshot_id == name
    assert run("rollback", "000099-00000000", "--index", index).code == 2
    assert KnowledgeBase.open(index).snapshot_id == new


def test_nothing_older_to_roll_back_to(run, index):
    """With a single snapshot it stays, and the exit code is not 0."""
    before = KnowledgeBase.open(index).snapshot_id
    assert run("rollback", "--index", index).code != 0
    assert KnowledgeBase.open(index).snapshot_id == before


@pytest.mark.parametrize("command", ["info", "verify", "snapshots", "rollback", "gc"])
def test_folder_without_an_index_is_wrong_use(run, tmp_path, command):
    """Exit code 2; the message names the folder and the command that builds one."""
    result = run(command, "--index", tmp_path / "nothing")
    assert (result.code, result.out) == (2, "")
    assert str(tmp_path / "nothing") in result.err
    assert "kbsearch build" in result.err


@pytest.mark.parametrize("name", ["filled.xlsx", "template.txt"])
def test_template_never_overwrites(run, tmp_path, name):
    """A file that is there stays as it is, and a template has the suffix of what it is."""
    path = tmp_path / name
    path.write_text("filled in by an editor", encoding="utf-8")
    assert run("template", path).code == 2
    assert path.read_text(encoding="utf-8") == "filled in by an editor"


def test_validate_checks_the_dictionaries_too(run, tmp_path):
    """A synonym line that `build` would refuse is named by `validate`, with its line."""
    rows = '{"id": "a", "kind": "faq", "title": "手表", "body": "电池"}\n'
    (tmp_path / "a.jsonl").write_text(rows, encoding="utf-8")
    assert run("validate", tmp_path).code == 0
    (tmp_path / "synonyms.txt").write_text("手表,腕表\n费电 =>\n", encoding="utf-8")
    result = run("validate", tmp_path)
    assert result.code == 1
    assert "synonyms.txt:2: 错误" in result.out
