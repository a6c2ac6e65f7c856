"""Tests of eval, compare and history: the contract's names, the gate, the files written."""

import json
import re

import pytest

from kbsearch.article import Article
from kbsearch.evaluation.result import Evaluation
from kbsearch.knowledge_base import KnowledgeBase

MEASURES = ["hit@1", "hit@3", "hit@5", "MRR@10", "nDCG@10"]
ROWS = [
    {"id": "q1", "text": "空调不制冷怎么办", "relevant": ["ac-not-cooling"], "type": "standard"},
    {"id": "q2", "text": "如何预约上门维修", "relevant": {"book-repair": 2}, "type": "standard"},
    {"id": "q3", "text": "手表一天就没电怎么办", "relevant": ["watch-battery"], "type": "standard"},
    {"id": "q4", "text": "客户发火时的安抚话术", "relevant": ["book-repair"], "type": "wrong"},
    {"id": "q5", "text": "？？？", "relevant": [], "answerable": False, "type": "off_topic"},
]


@pytest.fixture
def queries(tmp_path):
    """Three queries that are answered, one wrongly judged, one to decline."""
    path = tmp_path / "queries.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def flawless(tmp_path):
    """Only the three that are answered: 100 %, with a lower bound of 3 / (3 + z²) = 0.4385."""
    path = tmp_path / "flawless.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS[:3]), encoding="utf-8")
    return path


def test_eval_prints_the_whole_result_as_json(run, built, queries):
    """Each leg and what search shows, every measure with its interval; one document on stdout."""
    result = run("eval", queries, "--index", built, "--json", "-")
    assert (result.code, result.err.strip()) == (0, "")
    document = result.document
    assert [*document["systems"]] == ["bm25", "dense", "hybrid", "final"]
    for values in document["systems"].values():
        assert [*values][:5] == MEASURES
        for estimate in values.values():
            assert set(estimate) == {"value", "low", "high", "count"}
            assert estimate["count"] == 4
    assert document["systems"]["final"]["hit@1"]["value"] == 0.75
    assert (document["answerable"], document["unanswerable"]) == (4, 1)
    assert [miss["query_id"] for miss in document["misses"]] == ["q4"]
    assert document["declining"]["declined"]["value"] == 1
    assert document["measured"]["snapshot_id"] == KnowledgeBase.open(built).snapshot_id


def test_eval_writes_json_to_a_file(run, built, queries, tmp_path):
    """The file holds the document; people still see the figures."""
    path = tmp_path / "result.json"
    result = run("eval", queries, "--index", built, "--json", path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["systems"]["final"]["hit@1"]["value"] == 0.75
    for name in (*MEASURES, "75.0%"):
        assert name in result.out
    assert Evaluation.read(path).answerable == 4


def test_eval_writes_the_report(run, built, queries, tmp_path):
    """One HTML file with the accuracy."""
    page = tmp_path / "report.html"
    assert run("eval", queries, "--index", built, "--report", page).code == 0
    assert "75.0%" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--target", "0.43"], 0),
        (["--target", "0.44"], 1),
        (["--target", "0.95"], 1),
        (["--target", "0.95", "--point"], 0),
        (["--target", "1", "--point"], 0),
        ([], 0),
    ],
)
def test_gate_is_the_lower_bound_unless_the_figure_is_asked_for(
    run, built, flawless, options, code
):
    """3 of 3 prove 43 %, not 44 % and not 95 %; the bare figure is 100 %."""
    result = run("eval", flawless, "--index", built, *options)
    assert result.code == code
    verdict = result.out.splitlines()[2]
    assert ("43.9%" in verdict or "100.0%" in verdict) == bool(options)


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [("zh", "3 条查询还不足以证明"), ("en", "3 queries do not prove it")],
)
def test_failed_target_says_that_there_are_too_few_queries(run, built, flawless, lang, sentence):
    """100 % of three queries is above 95 %, but proves nothing: that is what the sentence says."""
    result = run("eval", flawless, "--index", built, "--target", "0.95", "--lang", lang)
    assert sentence in result.out.splitlines()[2]


def test_bad_slice_fails(run, built, tmp_path):
    """20 queries of one type, 15 of them wrongly judged; the other type is good."""
    rows = [{**ROWS[0], "id": f"q{n}", "relevant": ["script-calm"]} for n in range(15)]
    rows += [{**ROWS[0], "id": f"r{n}"} for n in range(5)]
    path = tmp_path / "slice.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    result = run("eval", path, "--index", built, "--min-slice", "0.26")
    assert result.code == 1
    assert "「standard」" in result.out
    assert run("eval", path, "--index", built, "--min-slice", "0.25").code == 0


def test_worse_index_is_stopped_against_a_saved_result(run, built, worse, flawless, tmp_path):
    """All three queries are lost."""
    saved = tmp_path / "before.json"
    assert run("eval", flawless, "--index", built, "--save", saved).code == 0
    options = ("--max-drop", "0.01", "--baseline", saved)
    assert run("eval", flawless, "--index", built, *options).code == 0
    result = run("eval", flawless, "--index", worse, *options, "--json", "-")
    assert result.code == 1
    assert "100.0%" in result.err
    assert result.document["systems"]["final"]["hit@1"]["value"] == 0


def test_worse_index_is_stopped_against_the_history(run, built, worse, flawless, tmp_path):
    """Also when it is run again, what dropped being no baseline; what missed its target is one."""
    history = tmp_path / "history.jsonl"
    options = ("--max-drop", "0.01", "--history", history)
    first = run("eval", flawless, "--index", built, *options, "--target", "0.95")
    assert first.code == 1
    assert "更早" in first.out
    assert [run("eval", flawless, "--index", worse, *options).code for _ in range(2)] == [1, 1]
    assert run("eval", flawless, "--index", built, *options).code == 0
    assert len(history.read_text(encoding="utf-8").splitlines()) == 3


def test_drop_needs_a_baseline(run, built, flawless):
    """Neither --baseline nor --history: wrong use, not a check that passes."""
    result = run("eval", flawless, "--index", built, "--max-drop", "0.01")
    assert result.code == 2
    assert "--baseline" in result.err


def test_history_shows_what_moved(run, built, worse, flawless, tmp_path):
    """Two runs: how accuracy changed, and that the articles did; not a third for the same."""
    history = tmp_path / "history.jsonl"
    for index in (built, worse, worse):
        note = f"note-{index.name}"
        run("eval", flawless, "--index", index, "--history", history, "--note", note)
    out = run("history", history, "--lang", "en").out
    for part in ("100.0%", "-100.0%", "articles", "note-worse"):
        assert part in out
    assert len(run("history", history, "--json").document) == 2
    history.write_text("{broken", encoding="utf-8")
    broken = run("history", history)
    assert broken.code == 2
    assert f"{history}:1" in broken.err


def test_empty_history_says_how_to_begin(run, tmp_path):
    """No table without rows."""
    assert "--history" in run("history", tmp_path / "none.jsonl").out


def test_gate_prints_nothing_beside_the_json(run, built, flawless):
    """With `--json -` and a missed target, stdout is still one document; the exit code tells."""
    result = run("eval", flawless, "--index", built, "--target", "0.95", "--json", "-")
    assert result.code == 1
    assert result.document["answerable"] == 3


def test_eval_lists_misses_on_request(run, built, queries):
    """The query, why it missed, what it wanted and what was found, by id and title."""
    assert "客户发火时的安抚话术 (script-calm)" not in run("eval", queries, "--index", built).out
    out = run("eval", queries, "--index", built, "--misses").out
    for part in ("q4", "如何预约上门维修 (book-repair)", "客户发火时的安抚话术 (script-calm)"):
        assert part in out
    assert "《客户发火时的安抚话术》排在" in out


def test_eval_tells_a_stranger_what_to_do(run, built, queries):
    """Accuracy first, then causes counted, and suggestions with the queries that ask for them."""
    out = run("eval", queries, "--index", built).out
    assert "75.0%" in out.splitlines()[1]
    assert "答错 1 条：被别的文章排到前面 1" in out
    assert "给《如何预约上门维修》补充相似问法" in out


def test_eval_shows_every_slice_on_request(run, built, queries):
    """Kinds only then; types always."""
    assert "troubleshooting" not in run("eval", queries, "--index", built).out
    out = run("eval", queries, "--index", built, "--slices").out
    for part in ("standard", "troubleshooting", "穿戴设备"):
        assert part in out


def test_queries_of_another_knowledge_base_are_refused(run, built, tmp_path):
    """Most of their articles are not in the index: that is no low accuracy."""
    path = tmp_path / "other.jsonl"
    path.write_text(json.dumps({"id": "q", "text": "空调", "relevant": ["not-here"]}))
    result = run("eval", path, "--index", built)
    assert (result.code, result.out) == (2, "")
    assert "不属于" in result.err


def test_judged_articles_that_are_not_there_are_named(run, built, tmp_path):
    """Where most are there, the others are named."""
    path = tmp_path / "queries.jsonl"
    relevant = {"ac-not-cooling": 2, "not-here": 1}
    path.write_text(json.dumps({"id": "q", "text": "空调", "relevant": relevant}))
    assert "not-here" in run("eval", path, "--index", built).out
    document = run("eval", path, "--index", built, "--json", "-").document
    assert document["unknown_articles"] == ["not-here"]


@pytest.mark.parametrize("content", ["", "{no json", '{"id": "q", "text": "空调"}', None])
def test_unusable_query_set_is_wrong_use(run, built, tmp_path, content):
    """Empty, broken, contradictory or missing: for each command the file named, no figures."""
    path = tmp_path / "bad.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    for arguments in (
        ("eval", path, "--index", built, "--json", "-"),
        ("compare", built, built, "--queries", path),
        ("tune", path, "--index", built, "--out", tmp_path / "settings.toml"),
        ("convert", path, "--to", "trec", "--out", tmp_path / "trec"),
    ):
        result = run(*arguments)
        assert (result.code, result.out) == (2, "")
        assert str(path) in result.err


def test_articles_of_beir_go_by_their_own_ids(run, tmp_path):
    """In figures, JSON and report, though no article of ours may have such ids."""
    (tmp_path / "qrels").mkdir()
    rows = {"空调": "空调不制冷怎么办", "手表": "手表没电怎么办"}
    corpus = [json.dumps({"_id": name, "title": t, "text": t}) for name, t in rows.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(corpus), encoding="utf-8")
    query = json.dumps({"_id": "q", "text": "空调不制冷怎么办"})
    (tmp_path / "queries.jsonl").write_text(query, encoding="utf-8")
    qrels = "query-id\tcorpus-id\tscore\nq\t手表\t1\nq\t没有\t1\n"
    (tmp_path / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    saved, page = tmp_path / "result.json", tmp_path / "report.html"
    result = run("eval", tmp_path, "--misses", "--json", saved, "--report", page)
    texts = [result.out, saved.read_text("utf-8"), page.read_text("utf-8")]
    assert all("b64-" not in text for text in texts)
    assert "(手表)" in result.out
    document = Evaluation.read(saved)
    assert document.outcomes[0].rankings["final"] == ("空调", "手表")
    assert document.unknown_articles == ("没有",)


def test_share_of_nothing_is_a_dash(run, built, tmp_path):
    """Without answerable queries there is no accuracy: a dash, null in JSON; not 0 %."""
    path, saved = tmp_path / "declined.jsonl", tmp_path / "result.json"
    path.write_text(json.dumps({"id": "q", "text": "？", "answerable": False}), encoding="utf-8")
    out = run("eval", path, "--index", built, "--save", saved, "--target", "0.9", "--point").out
    assert "查询准确率 —（95 % 区间 —，0 条）" in out
    assert not re.search(r"(?<![\d.])0(\.0)?%", out.partition("置信度与实际")[0])
    assert "误拒可答的：—" in out
    document = json.loads(saved.read_text("utf-8"))
    assert document["systems"]["final"]["hit@1"]["value"] is None
    assert document["declining"]["wrongly_declined"]["value"] is None
    assert document["declining"]["declined"]["value"] == 1
    assert document["reliability"][9]["right"] is None
    assert Evaluation.read(saved).accuracy.value == 0


@pytest.mark.parametrize("options", [["--target", "1.5"], ["--target", "high"], ["--goal", "1"]])
def test_impossible_target_is_wrong_use(run, built, queries, options):
    """A target is a share; an unknown option is none."""
    assert run("eval", queries, "--index", built, *options).code == 2


def test_result_file_that_cannot_be_written_is_wrong_use(run, built, queries, tmp_path):
    """The path is named, and there is no traceback."""
    path = tmp_path / "no-such-folder" / "result.json"
    result = run("eval", queries, "--index", built, "--json", path)
    assert result.code == 2
    assert str(path) in result.err


@pytest.fixture
def worse(tmp_path):
    """The articles q1 to q3 look for, each with the next one's words."""
    names = ["ac-not-cooling", "book-repair", "watch-battery"]
    titles = [row["text"] for row in ROWS[:3]]
    articles = [
        Article(id=name, kind="faq", title=title)
        for name, title in zip(names, titles[1:] + titles[:1], strict=True)
    ]
    KnowledgeBase.build(articles, tmp_path / "worse")
    return tmp_path / "worse"


def test_compare_finds_a_worse_index(run, built, worse, flawless):
    """All three queries are lost: p = 2 / 2**3 by exact McNemar."""
    result = run("compare", built, worse, "--queries", flawless, "--json")
    assert (result.code, result.err) == (0, "")
    document = result.document
    assert (document["queries"], document["left_out"], document["leg"]) == (3, 0, "final")
    assert document["before"]["hit@1"]["value"] == 1
    assert document["after"]["hit@1"]["value"] == 0
    assert document["p_values"]["hit@1"] == pytest.approx(0.25)
    assert [change["query_id"] for change in document["losses"]] == ["q1", "q2", "q3"]
    assert document["wins"] == []


def test_compare_prints_both_sides_for_people(run, built, worse, flawless):
    """Measures before and after, and each query that changed with what came first."""
    out = run("compare", built, worse, "--queries", flawless).out
    for part in (*MEASURES, "100.0%", "0.0%", "0.250", "q1", "ac-not-cooling", "可能是偶然"):
        assert part in out


def test_compare_takes_saved_results(run, built, worse, flawless, tmp_path):
    """Without indexes and queries; an index on one side needs the queries."""
    saved = [tmp_path / "a.json", tmp_path / "b.json"]
    for index, path in zip((built, worse), saved, strict=True):
        run("eval", flawless, "--index", index, "--json", path)
    document = run("compare", *saved, "--json").document
    assert document["p_values"]["hit@1"] == pytest.approx(0.25)
    mixed = run("compare", saved[0], worse, "--queries", flawless, "--json").document
    assert mixed == document
    assert run("compare", saved[0], worse).code == 2
    assert run("compare", *saved, "--leg", "bm25", "--json").document["leg"] == "bm25"


def test_saved_result_that_is_none_is_named(run, tmp_path):
    """Exit code 2, and the path."""
    path = tmp_path / "a.json"
    path.write_text("{}", encoding="utf-8")
    result = run("compare", path, path)
    assert result.code == 2
    assert str(path) in result.err


def test_compare_takes_two_snapshots_of_one_folder(run, worse, flawless):
    """FOLDER@SNAPSHOT: two titles were put right in between, so two queries are won."""
    index = KnowledgeBase.open(worse)
    old = index.snapshot_id
    index.update(
        index.article(name).model_copy(update={"title": row["text"]})
        for name, row in (("ac-not-cooling", ROWS[0]), ("book-repair", ROWS[1]))
    )
    sides = (f"{worse}@{old}", f"{worse}@{index.snapshot_id}")
    document = run("compare", *sides, "--queries", flawless, "--json").document
    assert [change["query_id"] for change in document["wins"]] == ["q1", "q2"]
    assert run("compare", worse, f"{worse}@nonsense", "--queries", flawless).code == 2
