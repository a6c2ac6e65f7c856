"""Building and updating: only what changed is done again; the result is that of a fresh build."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.analysis.analyzer import Analyzer
from kbsearch.analysis.dictionaries import Dictionaries
from kbsearch.article import Article
from kbsearch.errors import (
    DictionaryError,
    EncoderError,
    IndexBusyError,
    Severity,
    SnapshotCorruptError,
    SnapshotIncompatibleError,
    SnapshotNotFoundError,
    SourceError,
)
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.builder import build, update
from kbsearch.indexer.content import field_terms, normal_texts
from kbsearch.indexer.opening import open_analyzer, open_encoder
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.settings import (
    BM25Settings,
    ConfidenceSettings,
    FieldWeights,
    RankingSettings,
    VectorSettings,
)
from kbsearch.verification import verify


def article(name, title="手表没电怎么办", **fields):
    """A frequently asked question."""
    return Article.model_validate({"id": name, "kind": "faq", "title": title, **fields})


def opened(index_dir):
    """The published index."""
    return LocalIndex.open(SnapshotStore(index_dir))


def files_on_disk(folder):
    """Every file below a folder, with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def codes(error):
    """The kinds of problems that an error carries."""
    return sorted(problem.code for problem in error.value.problems)


class Stages:
    """Remembers how much of each stage there was to do."""

    def __init__(self):
        self.totals = {}
        self.finished = set()

    def __call__(self, stage, done, total):
        """One report of progress."""
        self.totals[stage] = total
        if done == total:
            self.finished.add(stage)


@pytest.fixture
def index_dir(tmp_path):
    """Where an index may be built."""
    return tmp_path / "index"


# The same result, byte for byte

versions = st.dictionaries(
    st.sampled_from(["a", "B", "c-1", "d.2", "e_3"]),
    st.builds(
        dict,
        title=st.sampled_from(["手表没电怎么办", "空调不制冷", "Wi-Fi 6 连不上", "？？"]),
        questions=st.lists(st.sampled_from(["续航太短", "吹出来的风不凉"]), max_size=2),
        body=st.sampled_from(["", "清洗滤网。仍报 E4 时请联系售后。", "关闭常亮显示，降低亮度。"]),
        kind=st.sampled_from(["faq", "policy"]),
        category=st.sampled_from(["", "家电/空调"]),
    ),
    min_size=1,
)


@pytest.fixture(scope="module")
def few_are_compressed():
    """Vectors are compressed from thirty on, if the settings ask for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kbsearch.index.nearest._LEAST", 29)
        yield


@settings(max_examples=12)
@given(before=versions, after=versions, by_update=st.booleans(), exact=st.booleans())
def test_result_is_that_of_a_fresh_build(
    tmp_path_factory,
    character_settings,
    files_of,
    few_are_compressed,
    before,
    after,
    by_update,
    exact,
):
    """After random adds, changes and deletes, by update or by building over the old snapshot.

    All files but the manifest, which holds the time, are those of a fresh build, and so is the part
    of the snapshot's name that stands for its content.
    """
    more = []
    if not exact:
        vectors = character_settings.vectors.model_copy(update={"exact_up_to": 0})
        character_settings = character_settings.model_copy(update={"vectors": vectors})
        more = [article(f"f{number}", f"第 {number} 问") for number in range(30)]
    old, new = ([article(n, **f) for n, f in source.items()] + more for source in (before, after))
    folder = tmp_path_factory.mktemp("indexer")
    build(old, folder / "changed", settings=character_settings)
    if by_update:
        update(folder / "changed", new, delete=set(before) - set(after))
    else:
        build(new, folder / "changed", settings=character_settings)
    build(new, folder / "fresh", settings=character_settings)
    changed, fresh = (SnapshotStore(folder / name).checked() for name in ("changed", "fresh"))
    changed_files, fresh_files = files_of(changed[0]), files_of(fresh[0])
    assert changed_files.pop("manifest.json")
    assert fresh_files.pop("manifest.json")
    assert ("main/vectors.faiss" in fresh_files) is not exact
    assert changed_files == fresh_files
    assert changed[1].snapshot_id[6:] == fresh[1].snapshot_id[6:]


def test_order_of_articles_is_of_no_account(index_dir, articles, character_settings):
    """The same articles in another order are the same snapshot."""
    first = build(articles, index_dir, settings=character_settings)
    assert build(articles[::-1], index_dir, settings=character_settings).snapshot_id == (
        first.snapshot_id
    )


def test_equal_content_publishes_nothing_new(index_dir, articles, character_settings):
    """Building again, or updating with what is there, leaves the published snapshot."""
    first = build(articles, index_dir, settings=character_settings)
    again = build(articles, index_dir, settings=character_settings)
    same = update(index_dir, articles)
    assert again.snapshot_id == same.snapshot_id == first.snapshot_id
    assert SnapshotStore(index_dir).ids() == [first.snapshot_id]
    assert (again.added, again.changed, again.deleted, again.unchanged) == (0, 0, 0, 5)


# What is done, and what is reported


def test_build_reports_what_it_did(index_dir, articles, character_settings):
    """Of six articles one is a draft: five are added, one is held back."""
    report = build(articles, index_dir, settings=character_settings)
    assert (report.articles, report.added, report.changed, report.deleted) == (5, 5, 0, 0)
    assert report.held_back == {"draft": 1}
    assert report.problems == ()
    assert report.snapshot_id == SnapshotStore(index_dir).current_id()
    assert opened(index_dir).store.row("watch-old") is None


def test_only_changed_articles_are_analysed_and_encoded(index_dir, character_settings):
    """Of three articles one changes, one goes, one comes: two are analysed, one is taken over."""
    build([article(n) for n in "abc"], index_dir, settings=character_settings)
    stages = Stages()
    new = [article("a"), article("b", "空调不制冷", questions=["空调不凉"]), article("d")]
    report = build(new, index_dir, settings=character_settings, progress=stages)
    assert (report.added, report.changed, report.deleted, report.unchanged) == (1, 1, 1, 1)
    assert stages.totals["analyse"] == 2
    assert stages.totals["encode"] == 3  # two titles and a question


def test_update_changes_single_articles(index_dir, character_settings):
    """One is changed, one added, one deleted, and the fourth stays."""
    build([article(n) for n in "abcd"], index_dir, settings=character_settings)
    stages = Stages()
    report = update(
        index_dir, [article("a", "空调不制冷"), article("e")], delete=["b"], progress=stages
    )
    assert (report.added, report.changed, report.deleted, report.unchanged) == (1, 1, 1, 2)
    assert stages.totals["analyse"] == 2
    store = opened(index_dir).store
    assert store.ids == ("a", "c", "d", "e")
    assert store.article(0).title == "空调不制冷"


def test_progress_reaches_the_end_of_every_stage(index_dir, articles, character_settings):
    """Whoever draws a bar sees it fill."""
    stages = Stages()
    build(articles, index_dir, settings=character_settings, progress=stages)
    assert stages.finished == {"read", "analyse", "encode", "write"}


@pytest.mark.parametrize("status", ["draft", "in_review", "retired"])
def test_article_that_is_no_longer_published_is_removed(index_dir, character_settings, status):
    """An update with another status takes the article out, and says so."""
    build([article("a"), article("b")], index_dir, settings=character_settings)
    report = update(index_dir, [article("a", status=status)])
    assert (report.deleted, report.held_back) == (1, {status: 1})
    assert opened(index_dir).store.ids == ("b",)


def test_draft_of_a_new_article_changes_nothing(index_dir, character_settings):
    """It was not searchable and is not."""
    first = build([article("a")], index_dir, settings=character_settings)
    assert update(index_dir, [article("b", status="draft")]).snapshot_id == first.snapshot_id


def test_all_articles_may_be_deleted(index_dir, character_settings):
    """An empty index opens, verifies, and takes articles again."""
    build([article("a")], index_dir, settings=character_settings)
    assert update(index_dir, [], delete=["a"]).articles == 0
    assert verify(opened(index_dir)).passed
    assert KnowledgeBase.open(index_dir).search("手表没电").hits == ()
    update(index_dir, [article("b")])
    assert opened(index_dir).store.ids == ("b",)


# What is refused


def test_build_with_errors_changes_nothing_on_disk(index_dir, character_settings):
    """A duplicate id and a link to nowhere are both named; the index stays, byte for byte."""
    build([article("a")], index_dir, settings=character_settings)
    before = files_on_disk(index_dir)
    wrong = [
        article("a", "空调不制冷"),
        article("a"),
        article("b", links=[{"rel": "policy", "id": "nowhere"}]),
    ]
    with pytest.raises(SourceError) as caught:
        build(wrong, index_dir, settings=character_settings)
    assert codes(caught) == ["dangling_link", "duplicate_id"]
    assert files_on_disk(index_dir) == before


@pytest.mark.parametrize("source", [[], ["broken"], ["missing"]])
def test_failed_build_makes_no_index_folder(tmp_path, index_dir, character_settings, source):
    """Nothing to index, a broken file, or none: no folder is left behind."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.jsonl").write_text('{"id": "a"', encoding="utf-8")
    with pytest.raises(SourceError):
        build([tmp_path / name for name in source], index_dir, settings=character_settings)
    assert not index_dir.exists()


def test_skipping_invalid_articles_says_what_was_skipped(index_dir, character_settings):
    """The first of two with one id is kept, a broken link goes, and both are reported."""
    wrong = [
        article("a"),
        article("a", "空调不制冷"),
        article("b", links=[{"rel": "policy", "id": "nowhere"}, {"rel": "policy", "id": "a"}]),
    ]
    report = build(wrong, index_dir, settings=character_settings, skip_invalid=True)
    assert sorted(problem.code for problem in report.problems) == ["dangling_link", "duplicate_id"]
    store = opened(index_dir).store
    assert store.article(0).title == "手表没电怎么办"
    assert [link.id for link in store.article(1).links] == ["a"]


def test_source_is_paths_or_articles(index_dir):
    """A mixture, or anything else, is a wrong argument."""
    with pytest.raises(ValueError, match="paths or articles"):
        build([article("a"), "articles"], index_dir)
    with pytest.raises(ValueError, match="paths or articles"):
        build([{"id": "a"}], index_dir)


@pytest.mark.parametrize(
    ("given_articles", "delete", "expected"),
    [
        ([], ["x"], ["delete_unknown"]),
        ([article("c"), article("c", "空调")], [], ["duplicate_id"]),
        ([article("a", "空调")], ["a"], ["given_and_deleted"]),
        (
            [article("a"), article("c"), article("c")],
            ["a", "x"],
            ["delete_unknown", "duplicate_id", "given_and_deleted"],
        ),
    ],
)
def test_contradictory_update_is_refused(
    index_dir, character_settings, given_articles, delete, expected
):
    """All that is wrong is named at once, and the index stays as it is."""
    build([article("a"), article("b")], index_dir, settings=character_settings)
    before = files_on_disk(index_dir)
    with pytest.raises(SourceError) as caught:
        update(index_dir, given_articles, delete=delete)
    assert codes(caught) == expected
    assert files_on_disk(index_dir) == before


def test_link_to_an_unknown_article_is_a_warning_in_an_update(index_dir, character_settings):
    """Its target may come later, so the link is kept; links into the index are sound."""
    build([article("a"), article("b")], index_dir, settings=character_settings)
    links = [{"rel": "policy", "id": name} for name in ("nowhere", "a", "b")]
    report = update(index_dir, [article("c", links=links)], delete=["b"])
    found = [(problem.code, problem.value, problem.severity) for problem in report.problems]
    assert found == [
        ("dangling_link", "nowhere", Severity.WARNING),
        ("dangling_link", "b", Severity.WARNING),
    ]
    assert [link.id for link in opened(index_dir).store.article(1).links] == ["nowhere", "a", "b"]


def test_update_of_nothing(index_dir):
    """Without a published snapshot there is nothing to update."""
    with pytest.raises(SnapshotNotFoundError, match="kbsearch build"):
        update(index_dir, [article("a")])


def test_two_cannot_write_at_once(index_dir, character_settings):
    """While one writes, another build or update is told to try again."""
    build([article("a")], index_dir, settings=character_settings)
    with SnapshotStore(index_dir).writing():
        with pytest.raises(IndexBusyError):
            build([article("b")], index_dir, settings=character_settings)
        with pytest.raises(IndexBusyError):
            update(index_dir, [article("b")])
    assert opened(index_dir).store.ids == ("a",)


# Damage and death


def test_build_mends_a_damaged_snapshot(index_dir, articles, character_settings):
    """An update refuses to go on from a damaged file; a build from the same source replaces it."""
    first = build(articles, index_dir, settings=character_settings)
    path = SnapshotStore(index_dir).folder(first.snapshot_id) / "main" / "lengths.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SnapshotCorruptError, match=r"lengths\.npy"):
        update(index_dir, [article("a")])
    second = build(articles, index_dir, settings=character_settings)
    assert second.snapshot_id != first.snapshot_id
    assert verify(opened(index_dir)).passed


KILLED = """
import os, signal, sys
from kbsearch.article import Article
from kbsearch.indexer.builder import build, update
from kbsearch.settings import Settings

def stop(stage, done, total):
    if stage == sys.argv[1] and done == (total if stage == "encode" else 0):
        os.kill(os.getpid(), signal.SIGKILL)

index_dir, settings = sys.argv[3], Settings.model_validate_json(sys.argv[4])
articles = [Article(id="new", kind="faq", title="空调不制冷")]
if sys.argv[2] == "build":
    build(articles, index_dir, settings=settings, progress=stop)
update(index_dir, articles, progress=stop)
"""


@pytest.mark.parametrize(
    ("action", "stage"),
    [("build", "analyse"), ("build", "write"), ("update", "encode"), ("update", "write")],
)
def test_killed_build_leaves_the_published_snapshot(index_dir, character_settings, action, stage):
    """After kill -9 at any stage, the old snapshot opens and verifies, and writing goes on."""
    first = build([article("a")], index_dir, settings=character_settings)
    command = [sys.executable, "-c", KILLED, stage, action, str(index_dir)]
    killed = subprocess.run([*command, character_settings.model_dump_json()], check=False)
    assert killed.returncode == -9
    index = opened(index_dir)
    assert index.manifest.snapshot_id == first.snapshot_id
    assert verify(index).passed
    update(index_dir, [article("b")])
    assert opened(index_dir).store.ids == ("a", "b")


# Dictionaries, analysis and encoder


@pytest.fixture
def source(tmp_path):
    """A folder with one file of articles; and a function that puts a dictionary beside it."""
    folder = tmp_path / "source"
    folder.mkdir()
    rows = [
        {"id": "watch", "kind": "faq", "title": "手表没电怎么办", "body": "关闭常亮显示。"},
        {"id": "cooling", "kind": "faq", "title": "空调不制冷", "body": "清洗滤网。"},
    ]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "articles.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_dictionaries_beside_the_articles_are_used(index_dir, source, character_settings):
    """The snapshot keeps their text, so that the source may go away."""
    (source / "user_dict.txt").write_text("常亮显示\n", encoding="utf-8")
    build(source, index_dir, settings=character_settings)
    index = opened(index_dir)
    assert "常亮显示" in index.inverted.postings().terms
    (source / "user_dict.txt").unlink()
    assert open_analyzer(index).terms("常亮显示")[-1] == "常亮显示"


def test_dictionary_of_the_settings_comes_first(index_dir, source, character_settings, tmp_path):
    """A file named in the settings takes the place of the one beside the articles."""
    (source / "user_dict.txt").write_text("常亮显示\n", encoding="utf-8")
    (tmp_path / "own.txt").write_text("清洗滤网\n", encoding="utf-8")
    named = character_settings.dictionaries.model_copy(update={"user_dict": tmp_path / "own.txt"})
    settings = character_settings.model_copy(update={"dictionaries": named})
    build(source, index_dir, settings=settings)
    terms = opened(index_dir).inverted.postings().terms
    assert "清洗滤网" in terms
    assert "常亮显示" not in terms


def test_bad_dictionary_changes_nothing_on_disk(index_dir, source, character_settings):
    """The line is named before anything is written."""
    (source / "synonyms.txt").write_text("手表\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"synonyms\.txt:1"):
        build(source, index_dir, settings=character_settings)
    assert not index_dir.exists()


def test_changed_synonyms_act_without_analysing_again(index_dir, source, character_settings):
    """A new synonym finds what it means, though no article was touched."""
    build(source, index_dir, settings=character_settings)
    assert KnowledgeBase.open(index_dir).rank("腕表", leg=Leg.BM25) == []
    (source / "synonyms.txt").write_text("手表,腕表\n", encoding="utf-8")
    stages = Stages()
    report = build(source, index_dir, settings=character_settings, progress=stages)
    assert (report.unchanged, report.added, report.changed) == (2, 0, 0)
    assert stages.totals["analyse"] == stages.totals["encode"] == 0
    found = KnowledgeBase.open(index_dir).rank("腕表", leg=Leg.BM25)
    assert [name for name, _ in found] == ["watch"]


def test_changed_user_dictionary_analyses_everything_again(index_dir, source, character_settings):
    """A new word may stand in any article."""
    build(source, index_dir, settings=character_settings)
    (source / "user_dict.txt").write_text("常亮显示\n", encoding="utf-8")
    stages = Stages()
    build(source, index_dir, settings=character_settings, progress=stages)
    assert stages.totals["analyse"] == 2
    assert "常亮显示" in opened(index_dir).inverted.postings().terms


def test_update_uses_the_dictionaries_of_the_snapshot(index_dir, source, character_settings):
    """What the editor changes beside the articles takes effect with a build, not halfway."""
    (source / "user_dict.txt").write_text("常亮显示\n", encoding="utf-8")
    build(source, index_dir, settings=character_settings)
    (source / "user_dict.txt").write_text("", encoding="utf-8")
    update(index_dir, [article("new", "怎么打开常亮显示")])
    index = opened(index_dir)
    assert index.inverted.contains("常亮显示", index.store.row("new"))


def test_changed_weights_act_without_analysing_again(index_dir, articles, character_settings):
    """Other BM25 settings are another snapshot of the same articles, and stay for updates."""
    first = build(articles, index_dir, settings=character_settings)
    bm25 = BM25Settings(idf="okapi", weights=FieldWeights(title=5))
    changed = character_settings.model_copy(update={"bm25": bm25})
    report = build(articles, index_dir, settings=changed)
    assert report.snapshot_id != first.snapshot_id
    assert report.unchanged == 5
    assert verify(opened(index_dir)).passed
    update(index_dir, [article("new")])
    assert opened(index_dir).manifest.contents.settings == changed
    assert verify(opened(index_dir)).passed


def test_tuned_settings_act_without_encoding_again(index_dir, articles, character_settings):
    """What `kbsearch tune` writes takes effect with the next build, which has little to do."""
    build(articles, index_dir, settings=character_settings)
    question = character_settings.ranking.with_questions.model_copy(update={"question": 9})
    ranking = RankingSettings(with_questions=question, without_questions=question)
    confidence = ConfidenceSettings(intercept=3)
    changed = character_settings.model_copy(update={"ranking": ranking, "confidence": confidence})
    before = KnowledgeBase.open(index_dir).search("空调不凉").hits
    stages = Stages()
    assert build(articles, index_dir, settings=changed, progress=stages).unchanged == 5
    assert stages.totals["analyse"] == stages.totals["encode"] == 0
    after = KnowledgeBase.open(index_dir)
    assert after.settings == changed
    assert after.search("空调不凉").hits[0].score != before[0].score


def test_other_analysis_is_not_mixed_in(index_dir, articles, character_settings, monkeypatch):
    """A kbsearch that cuts text differently refuses the snapshot; a build makes all of it anew."""
    build(articles, index_dir, settings=character_settings)
    monkeypatch.setattr("kbsearch.analysis.analyzer.ANALYSIS_VERSION", 0)
    with pytest.raises(SnapshotIncompatibleError, match="another analysis"):
        update(index_dir, [article("a")])
    with pytest.raises(SnapshotIncompatibleError, match="another analysis"):
        open_analyzer(opened(index_dir))
    stages = Stages()
    build(articles, index_dir, settings=character_settings, progress=stages)
    assert stages.totals["analyse"] == 5
    update(index_dir, [article("a")])


def test_other_weights_of_the_encoder_are_not_mixed_in(
    index_dir, articles, character_settings, write_character_model, tmp_path
):
    """A model folder that was trained again is refused; a build encodes everything anew."""
    folder = write_character_model(tmp_path / "model", seed=1)
    vectors = VectorSettings(model=str(folder))
    settings = character_settings.model_copy(update={"vectors": vectors})
    first = build(articles, index_dir, settings=settings)
    write_character_model(folder, seed=2)
    with pytest.raises(EncoderError, match="other weights"):
        update(index_dir, [article("a")])
    with pytest.raises(EncoderError, match="other weights"):
        open_encoder(opened(index_dir))
    stages = Stages()
    second = build(articles, index_dir, settings=settings, progress=stages)
    assert second.snapshot_id != first.snapshot_id
    assert stages.totals["encode"] == len(opened(index_dir).vectors.vectors.matrix)
    assert verify(opened(index_dir)).passed


# What of an article is indexed


def test_terms_of_each_field():
    """Every field is analysed by itself, several texts one after the other."""
    one = article("a", "空调", questions=["手表", "续航"], tags=["Wi-Fi"], products=["腕伴"])
    terms = field_terms(one, Analyzer(Dictionaries(user_dict="腕伴")))
    assert terms == {
        "title": ["空调"],
        "questions": ["手表", "续航"],
        "body": [],
        "tags": ["wifi", "wi", "fi", "腕伴"],
        "captions": [],
    }


def test_texts_that_get_a_vector():
    """Title and questions one by one, then body and captions as one, all in normal form."""
    attachment = {"type": "image", "path": "a.png", "caption": "省電設置"}
    one = article("a", "手錶", questions=["ＷｉＦｉ"], body="關閉", attachments=[attachment])
    texts, is_body = normal_texts(one).encoded, normal_texts(one).is_body
    assert texts[:2] == ["手表", "wifi"]
    assert texts[2].split() == ["关闭", "省电设置"]
    assert len(texts) == 3
    assert is_body == [False, False, True]


@pytest.mark.parametrize("body", ["", "\u200b", "\x00"])
def test_empty_body_gets_no_vector(body):
    """A body of invisible characters is none."""
    texts = normal_texts(article("a", "手表", body=body))
    assert (texts.encoded, texts.is_body) == (["手表"], [False])


def test_article_with_errors_keeps_its_published_version(index_dir, tmp_path, character_settings):
    """Skipping an invalid article does not take the published one away; the report names it."""
    source = tmp_path / "articles.jsonl"
    rows = [article("a", "手表没电").model_dump_json(), article("b", "空调不凉").model_dump_json()]
    source.write_text("\n".join(rows), encoding="utf-8")
    build(source, index_dir, settings=character_settings)
    source.write_text(
        rows[0].replace("手表", "手环") + '\n{"id": "b", "kind": "typo"}', encoding="utf-8"
    )
    report = build(source, index_dir, skip_invalid=True)
    assert (report.outdated, report.changed, report.deleted) == (("b",), 1, 0)
    store = opened(index_dir).store
    assert [store.article(row).title for row in (0, 1)] == ["手环没电", "空调不凉"]


def test_build_without_settings_keeps_those_of_the_index(index_dir, character_settings):
    """Settings given once hold until others are given."""
    own = character_settings.model_copy(update={"bm25": BM25Settings(k1=1.1)})
    build([article("a")], index_dir, settings=own)
    report = build([article("a"), article("b")], index_dir)
    assert report.unchanged == 1
    assert opened(index_dir).manifest.contents.settings.bm25.k1 == 1.1


def test_mistyped_folder_is_not_made_into_an_index(tmp_path):
    """Updating, rolling back or collecting garbage where nothing is leaves nothing behind."""
    nowhere = tmp_path / "nowhere"
    snapshots = SnapshotStore(nowhere)
    for action in (lambda: update(nowhere, []), snapshots.rollback, lambda: snapshots.gc(1)):
        with pytest.raises(SnapshotNotFoundError):
            action()
    assert not nowhere.exists()


def test_article_with_errors_stays_published_when_everything_is_analysed_again(
    index_dir, tmp_path, character_settings
):
    """A changed user dictionary reuses nothing of the index, but takes nothing off line either."""
    source = tmp_path / "source"
    source.mkdir()
    rows = [article("a", "手表没电").model_dump_json(), article("b", "空调不凉").model_dump_json()]
    (source / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    build(source, index_dir, settings=character_settings)
    (source / "a.jsonl").write_text(f'{rows[0]}\n{{"id": "b", "kind": "typo"}}', encoding="utf-8")
    (source / "user_dict.txt").write_text("空调不凉 5000", encoding="utf-8")
    report = build(source, index_dir, skip_invalid=True)
    assert (report.outdated, report.skipped, report.articles) == (("b",), (), 2)
    assert opened(index_dir).store.article(1).title == "空调不凉"
