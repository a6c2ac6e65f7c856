"""Adapting while building: when an index gets an encoder of its own, and what it then gives."""

import itertools
import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kbsearch.adaptation import Adaptation
from kbsearch.article import Article
from kbsearch.encoders.registry import BUNDLED_FOLDER, load_encoder
from kbsearch.encoders.sentence_transformer import SentenceTransformerEncoder
from kbsearch.errors import EncoderError
from kbsearch.index.article_store import ArticleStore
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.adapting import adapted_encoder, needs_adapting, published_adaptation
from kbsearch.indexer.builder import build, update
from kbsearch.indexer.content import normal_texts
from kbsearch.indexer.opening import open_encoder
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.settings import Settings, VectorSettings
from kbsearch.verification import verify

PRODUCTS = ["空调", "手表", "门锁", "宽带", "相机"]
TROUBLES = ["没电了", "反应慢", "坏了", "找不到"]
PLACES = ["厨房", "卧室", "店里", "阳台", "车库"]
CASES = list(itertools.product(PLACES, PRODUCTS, TROUBLES))  # a hundred
QUERIES = ["厨房的空调反应慢", "手表坏了", "找不到卧室的相机", "第 7 条"]
FILES = {"adapted_words.npy", "adapted_rows.npy", "adapted_articles.npy"}


def article(number, **changes):
    """One of a hundred articles, each about another case."""
    place, product, trouble = CASES[number]
    fields = {
        "id": f"a{number:03d}",
        "kind": "faq",
        "title": f"{place}{product}{trouble}怎么办",
        "questions": [f"{product}放在{place}，{trouble}"],
        "body": f"请看手册第 {number} 条。",
    }
    return Article.model_validate({**fields, **changes})


def some(*numbers):
    """The articles of a range."""
    return [article(number) for number in range(*numbers)]


def opened(index_dir):
    """The published index."""
    return LocalIndex.open(SnapshotStore(index_dir))


def adapted_to(index_dir):
    """How many articles the manifest says that the encoder learned from."""
    return SnapshotStore(index_dir).manifest().contents.encoder.adapted_to


class Stages:
    """Remembers how much of each stage there was to do, and how far it came."""

    def __init__(self):
        self.totals = {}
        self.done = {}

    def __call__(self, stage, done, total):
        """One report of progress."""
        self.totals[stage] = total
        self.done[stage] = done


@pytest.fixture
def index_dir(tmp_path):
    """Where an index may be built."""
    return tmp_path / "index"


@pytest.fixture
def content_of(files_of):
    """Name to bytes of the published snapshot's files, but for the manifest, which has the time."""

    def content(index_dir):
        files = files_of(SnapshotStore(index_dir).checked()[0])
        del files["manifest.json"]
        return files

    return content


@pytest.fixture(scope="module")
def base(tmp_path_factory, character_settings):
    """An index of sixty articles; tests must not write to it."""
    folder = tmp_path_factory.mktemp("base") / "index"
    build(some(60), folder, settings=character_settings)
    return folder


@pytest.fixture
def copy(base, tmp_path):
    """Makes copies of that index which a test may write to."""
    return lambda name="copy": shutil.copytree(base, tmp_path / name)


@pytest.fixture
def cut_words():
    """Cuts a static model down to its first words."""

    def cut(folder, words):
        tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
        vocabulary = tokenizer["model"]["vocab"]
        tokenizer["model"]["vocab"] = {w: n for w, n in vocabulary.items() if n < words}
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
        rows = load_file(folder / "model.safetensors")["embedding.weight"][:words]
        save_file({"embedding.weight": rows.copy()}, folder / "model.safetensors")

    return cut


# Which index is adapted


@pytest.mark.parametrize("count", [49, 50])
def test_fifty_articles_are_enough(index_dir, character_settings, content_of, count):
    """With 49 the encoder stays as it came, with 50 it learns; manifest and files say so."""
    build(some(count), index_dir, settings=character_settings)
    entry = SnapshotStore(index_dir).manifest().contents.encoder
    model = load_encoder(character_settings.vectors.model)
    enough = count == 50
    assert entry.adapted_to == (50 if enough else 0)
    assert (entry.fingerprint != model.fingerprint) is enough
    assert (set(content_of(index_dir)) & FILES) == (FILES if enough else set())


def test_drafts_are_not_learned_from(index_dir, character_settings):
    """Of fifty articles one is a draft, so 49 count."""
    articles = [*some(49), article(49, status="draft")]
    build(articles, index_dir, settings=character_settings)
    assert adapted_to(index_dir) == 0


def test_settings_may_forbid_it(index_dir, character_settings, content_of):
    """Then neither a build nor an update adapts, however much changes."""
    vectors = character_settings.vectors.model_copy(update={"adapt": False})
    settings = character_settings.model_copy(update={"vectors": vectors})
    build(some(60), index_dir, settings=settings)
    update(index_dir, some(60, 90))
    assert adapted_to(index_dir) == 0
    assert not set(content_of(index_dir)) & FILES
    entry = SnapshotStore(index_dir).manifest().contents.encoder
    assert entry.fingerprint == load_encoder(entry.model).fingerprint


def test_a_model_of_sentence_transformers_is_not_adapted():
    """It comes back as it is, and nobody asks for the articles."""
    model = SentenceTransformerEncoder(BUNDLED_FOLDER, "m")
    hashes = ArticleStore.of(some(60)).hashes
    assert not needs_adapting(model, hashes, None)
    assert adapted_encoder(model, hashes, pytest.fail, None, Stages()) is model


# What an adapted index gives


@pytest.mark.parametrize("leg", list(Leg))
def test_reopened_index_ranks_the_same(index_dir, character_settings, leg):
    """Queries are read with the encoder that the articles were; a fresh object does so, too.

    Without adaptation the dense scores are others, so there is something to keep.
    """
    built = KnowledgeBase.build(some(60), index_dir, settings=character_settings)
    reopened = KnowledgeBase.open(index_dir)
    for query in QUERIES:
        ranked = built.rank(query, leg=leg)
        assert ranked
        assert reopened.rank(query, leg=leg) == ranked
    if leg is Leg.DENSE:
        vectors = character_settings.vectors.model_copy(update={"adapt": False})
        plain = character_settings.model_copy(update={"vectors": vectors})
        other = KnowledgeBase.build(some(60), index_dir, settings=plain)
        assert dict(other.rank(QUERIES[0], leg=leg)) != dict(built.rank(QUERIES[0], leg=leg))


def test_every_article_has_the_vectors_of_the_adapted_encoder(base):
    """Byte for byte what the snapshot's own encoder gives, and not what the model gives."""
    index = opened(base)
    texts = [text for each in index.store.articles() for text in normal_texts(each).encoded]
    matrix = index.vectors.vectors.matrix
    assert open_encoder(index).encode(texts).tobytes() == matrix.tobytes()
    plain = load_encoder(index.manifest.contents.encoder.model).encode(texts)
    assert np.abs(plain - matrix).max() > 0.01


def test_adapted_index_verifies(base):
    """Every article's vectors, BM25 and checksums agree."""
    found = verify(opened(base), sample=60)
    assert found.passed
    assert found.vectors == 60


def test_order_of_articles_is_of_no_account(base, index_dir, character_settings, content_of):
    """The same articles in another order learn the same."""
    build(some(60)[::-1], index_dir, settings=character_settings)
    assert content_of(index_dir) == content_of(base)


def test_progress_of_adapting_is_told(index_dir, character_settings):
    """It is a stage of its own, and comes to its end."""
    stages = Stages()
    build(some(60), index_dir, settings=character_settings, progress=stages)
    assert stages.totals["adapt"] > 0
    assert stages.done["adapt"] == stages.totals["adapt"]


def test_rolled_back_snapshot_has_its_own_adaptation(copy, character_settings):
    """Each snapshot carries what it learned: the older one ranks as it did before."""
    folder = copy()
    before = KnowledgeBase.open(folder)
    expected = before.rank(QUERIES[0])
    update(folder, some(60, 100))
    assert adapted_to(folder) == 100
    older = KnowledgeBase.open(folder, snapshot_id=before.snapshot_id)
    assert older.rank(QUERIES[0]) == expected


# Few changes


def few_changes():
    """Of sixty articles 5 change, 2 go and 3 come.

    53 stay, so 7 old and 8 new ones of 68 are on one side alone: 15 / 68 = 0.22.
    """
    changed = [article(number, body="请重启。") for number in range(5)]
    new = some(60, 63)
    gone = ["a058", "a059"]
    return changed, new, gone


def test_few_changes_keep_the_adaptation(copy, content_of):
    """An update takes over what was learned and encodes what changed, nothing else."""
    folder = copy()
    before = content_of(folder)
    changed, new, gone = few_changes()
    stages = Stages()
    report = update(folder, [*changed, *new], delete=gone, progress=stages)
    assert (report.changed, report.added, report.deleted, report.unchanged) == (5, 3, 2, 53)
    assert "adapt" not in stages.totals
    assert stages.totals["encode"] == 8 * 3  # title, question, body
    after = content_of(folder)
    assert {name: after[name] for name in FILES} == {name: before[name] for name in FILES}
    assert adapted_to(folder) == 60
    assert verify(opened(folder), sample=61).passed


def test_update_equals_building_over_the_same_folder(copy, content_of):
    """File by file, after few changes; the snapshots differ in their number and time alone."""
    changed, new, gone = few_changes()
    updated, rebuilt = copy("updated"), copy("rebuilt")
    update(updated, [*changed, *new], delete=gone)
    build([*changed, *some(5, 58), *new], rebuilt)
    assert content_of(updated) == content_of(rebuilt)
    assert SnapshotStore(updated).current_id() == SnapshotStore(rebuilt).current_id()
    again = SnapshotStore(updated).current_id()
    build([*changed, *some(5, 58), *new], updated)
    assert SnapshotStore(updated).current_id() == again


def test_deleting_below_fifty_equals_building_over_the_same_folder(copy, content_of):
    """Of sixty articles 11 go, 0.18 of all: the 49 are treated as a build would treat them."""
    updated, rebuilt = copy("updated"), copy("rebuilt")
    update(updated, [], delete=[f"a{number:03d}" for number in range(11)])
    build(some(11, 60), rebuilt)
    assert adapted_to(updated) == adapted_to(rebuilt)
    assert content_of(updated) == content_of(rebuilt)


# Many changes


@pytest.mark.parametrize("by_update", [True, False])
@pytest.mark.parametrize(("new", "learned"), [(20, 60), (21, 81)])
def test_more_than_a_quarter_of_new_articles_adapts_anew(copy, by_update, new, learned):
    """20 of 80 articles are a quarter, and the adaptation serves; 21 of 81 are more."""
    folder = copy()
    stages = Stages()
    if by_update:
        update(folder, some(60, 60 + new), progress=stages)
    else:
        build(some(60 + new), folder, progress=stages)
    assert adapted_to(folder) == learned
    assert ("adapt" in stages.totals) is (learned == 81)


@pytest.mark.parametrize("by_update", [True, False])
def test_many_changes_give_what_a_fresh_build_gives(
    copy, index_dir, character_settings, content_of, by_update
):
    """Of sixty articles twenty change: 40 of 80 are on one side alone, all is learned anew."""
    folder = copy()
    articles = [*(article(number, body="请重启。") for number in range(20)), *some(20, 60)]
    if by_update:
        update(folder, articles[:20])
    else:
        build(articles, folder)
    build(articles, index_dir, settings=character_settings)
    assert content_of(folder) == content_of(index_dir)
    assert content_of(folder)["adapted_rows.npy"] != content_of(copy("other"))["adapted_rows.npy"]
    assert verify(opened(folder), sample=60).passed


def test_growing_to_fifty_adapts(index_dir, tmp_path, character_settings, content_of):
    """An update from 45 to 50 articles learns from all of them, as a fresh build does."""
    build(some(45), index_dir, settings=character_settings)
    report = update(index_dir, some(45, 50))
    assert (report.added, report.unchanged) == (5, 45)
    assert adapted_to(index_dir) == 50
    build(some(50), tmp_path / "fresh", settings=character_settings)
    assert content_of(index_dir) == content_of(tmp_path / "fresh")


def test_open_knowledge_base_goes_on_with_the_new_encoder(copy):
    """After an update that adapts anew it ranks as a fresh object does."""
    folder = copy()
    knowledge_base = KnowledgeBase.open(folder)
    knowledge_base.update(some(60, 100))
    assert knowledge_base.info().contents.encoder.adapted_to == 100
    fresh = KnowledgeBase.open(folder)
    for query in QUERIES:
        assert knowledge_base.rank(query, leg=Leg.DENSE) == fresh.rank(query, leg=Leg.DENSE)


# Another setting, another model


def test_other_adapt_setting_encodes_everything_anew(copy, character_settings, content_of):
    """Off: the model's own vectors, and no file of the adaptation; on again: as at first."""
    folder = copy()
    first = content_of(folder)
    vectors = character_settings.vectors.model_copy(update={"adapt": False})
    off, on = character_settings.model_copy(update={"vectors": vectors}), character_settings
    stages = Stages()
    build(some(60), folder, settings=off, progress=stages)
    assert stages.totals["encode"] == 60 * 3
    assert adapted_to(folder) == 0
    assert not set(content_of(folder)) & FILES
    assert verify(opened(folder), sample=60).passed
    build(some(60), folder, settings=on)
    assert adapted_to(folder) == 60
    assert content_of(folder) == first


@pytest.mark.parametrize("words", [None, 4_000])
def test_other_model_of_the_same_size_is_adapted_by_itself(
    copy, tmp_path, write_character_model, cut_words, words
):
    """What one model learned is of no use to another, and no hindrance, if it has fewer words."""
    folder = copy()
    before = opened(folder).manifest.contents.encoder
    model = write_character_model(tmp_path / "other", seed=1)
    if words:
        cut_words(model, words)
    settings = Settings(vectors=VectorSettings(model=str(model)))
    build(some(60), folder, settings=settings)
    content = opened(folder).manifest.contents.encoder
    assert (content.adapted_to, content.dim) == (60, before.dim)
    assert content.fingerprint != before.fingerprint
    assert verify(opened(folder), sample=60).passed


def test_published_adaptation_is_that_of_the_model(base, tmp_path, write_character_model):
    """It is what the snapshot's model learned; none for another one, and none without an index."""
    index = opened(base)
    model = load_encoder(index.manifest.contents.encoder.model)
    known = published_adaptation(index, model)
    assert known is not None
    assert known.digest == Adaptation.load(index.folder).digest
    other = load_encoder(write_character_model(tmp_path / "other", seed=1))
    assert published_adaptation(index, other) is None
    assert published_adaptation(None, model) is None


# After a review


def test_a_build_report_tells_what_changed_though_everything_is_encoded_anew(copy):
    """Of sixty articles thirty stay, so the encoder is adapted anew: the report is of articles."""
    report = build(some(30, 90), copy())
    assert (report.added, report.changed, report.deleted, report.unchanged) == (30, 0, 30, 30)


def test_opened_index_keeps_its_encoder_after_its_snapshot_is_deleted(copy):
    """Another process may collect a snapshot between opening it and loading its encoder."""
    folder = copy()
    index = opened(folder)
    shutil.rmtree(index.folder)
    assert open_encoder(index).fingerprint == index.manifest.contents.encoder.fingerprint


def test_an_update_does_not_move_to_another_model(copy, tmp_path, write_character_model):
    """The model's folder was overwritten, and the update would adapt anew: refused."""
    model = write_character_model(tmp_path / "own")
    folder = tmp_path / "of_own"
    settings = Settings(vectors=VectorSettings(model=str(model)))
    build(some(60), folder, settings=settings)
    running = open_encoder(opened(folder))
    shutil.copy(write_character_model(tmp_path / "o", seed=1) / "model.safetensors", model)
    before = opened(folder).manifest.snapshot_id
    with pytest.raises(EncoderError):
        update(folder, some(60, 100), encoder=running)
    assert opened(folder).manifest.snapshot_id == before
