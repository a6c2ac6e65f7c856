"""Verification: an index whose content is not that of its articles does not pass.

Checksums find what was altered on disk. Here the manifest is sealed again after tampering, as if a
faulty program had written the files.
"""

import shutil

import numpy as np
import pytest

from kbsearch.article import Article
from kbsearch.errors import EncoderError, SnapshotIncompatibleError
from kbsearch.index.local import LocalIndex
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.indexer.builder import build
from kbsearch.settings import BM25Settings, FieldWeights, VectorSettings
from kbsearch.verification import verify


@pytest.fixture
def index_dir(articles, character_settings, tmp_path):
    """An index of five articles."""
    build(articles, tmp_path / "index", settings=character_settings)
    return tmp_path / "index"


def opened(index_dir):
    """The published index."""
    return LocalIndex.open(SnapshotStore(index_dir))


def tamper(index_dir, name, change):
    """Publishes the index with one array changed and everything sealed again."""
    store = SnapshotStore(index_dir)
    folder, manifest = store.checked()

    def write(building):
        shutil.copytree(folder, building, dirs_exist_ok=True)
        (building / "manifest.json").unlink()
        path = building / "main" / name
        np.save(path, change(np.load(path), opened(index_dir)))

    with store.writing():
        store.publish(manifest.contents, write)
    return opened(index_dir)


def scaled(array, place, factor):
    """The array with one entry multiplied."""
    changed = array.copy()
    changed[place] *= factor
    return changed


def posting(index, term, article_id):
    """Where the posting of a term for an article lies."""
    postings = index.inverted.postings()
    number = postings.terms.index(term)
    begin, end = postings.offsets[number : number + 2]
    return begin + postings.rows[begin:end].tolist().index(index.store.row(article_id))


def test_sound_index_passes(index_dir):
    """Five titles are scored, five articles encoded, and every file but the manifest counted."""
    found = verify(opened(index_dir))
    assert found.passed
    assert (found.queries, found.vectors) == (5, 5)
    assert (found.wrong_queries, found.wrong_articles) == ((), ())
    assert found.worst_difference <= 1e-4
    folder, manifest = SnapshotStore(index_dir).checked()
    assert found.files == sum(path.is_file() for path in folder.rglob("*")) - 1
    assert found.snapshot_id == manifest.snapshot_id


@pytest.mark.parametrize("form", ["okapi", "lucene"])
@pytest.mark.parametrize("b", [0.0, 0.75, 1.0])
def test_every_setting_passes(index_dir, articles, character_settings, form, b):
    """The referee knows both forms of idf, and any k1, b and weights."""
    bm25 = BM25Settings(idf=form, k1=0.9, b=b, weights=FieldWeights(title=4, tags=0, captions=3))
    settings = character_settings.model_copy(update={"bm25": bm25})
    build(articles, index_dir, settings=settings)
    assert verify(opened(index_dir)).passed


def test_tampered_frequency_is_found(index_dir):
    """A posting that counts twice as much as it should: the title that asks for it is named."""

    def double(frequencies, index):
        return scaled(frequencies, posting(index, "制冷", "ac-not-cooling"), 2)

    found = verify(tamper(index_dir, "posting_frequencies.npy", double))
    assert not found.passed
    assert found.wrong_queries == ("空调不制冷怎么办",)
    assert found.worst_difference > 1e-4
    assert found.wrong_parts == ("terms",)
    assert found.wrong_articles == ()


def test_score_that_is_no_number_is_found(index_dir, monkeypatch):
    """Not-a-number is not within any tolerance."""
    monkeypatch.setattr("kbsearch.index.inverted_index.lucene_idf", lambda *_: np.nan)
    found = verify(opened(index_dir))
    assert "空调不制冷怎么办" in found.wrong_queries
    assert not found.passed


@pytest.mark.parametrize("factor", [-1, 1.01, np.nan])
def test_tampered_vector_is_found(index_dir, factor):
    """A vector that is not that of its text: the article is named."""

    def spoil(matrix, index):
        begins = index.vectors.vectors.runs.begins
        return scaled(matrix, begins[index.store.row("book-repair")], factor)

    found = verify(tamper(index_dir, "vectors.npy", spoil))
    assert not found.passed
    assert found.wrong_articles == ("book-repair",)
    assert found.wrong_queries == ()


def test_swapped_vectors_are_found(index_dir):
    """Vectors that belong to other articles, as when index and ids drift apart."""
    found = verify(tamper(index_dir, "vectors.npy", lambda matrix, _: matrix[::-1]))
    assert set(found.wrong_articles) == set(opened(index_dir).store.ids)


def test_vector_taken_for_a_body_is_found(index_dir):
    """An article whose last vector is not marked as its body's."""

    def unmark(is_body, index):
        changed = is_body.copy()
        changed[index.vectors.vectors.runs.at(index.store.row("onsite-fee")).stop - 1] = False
        return changed

    found = verify(tamper(index_dir, "vector_is_body.npy", unmark))
    assert found.wrong_articles == ("onsite-fee",)


def test_word_taken_for_one_of_the_heading_is_found(index_dir):
    """Headings are checked as well as words: every word of one article is said to head it."""

    def mark(in_heading, index):
        changed = in_heading.copy()
        changed[index.words.runs.at(index.store.row("book-repair"))] = True
        return changed

    found = verify(tamper(index_dir, "word_in_heading.npy", mark))
    assert found.wrong_articles == ("book-repair",)


def test_sample_is_no_larger_than_asked_for(index_dir):
    """Two titles and two articles, the same ones every time."""
    found = verify(opened(index_dir), sample=2)
    assert (found.queries, found.vectors) == (2, 2)
    assert verify(opened(index_dir), sample=2) == found


@pytest.mark.parametrize("sample", [0, -1])
def test_sample_must_hold_something(index_dir, sample):
    """A check of nothing is no check."""
    with pytest.raises(ValueError, match="at least 1"):
        verify(opened(index_dir), sample=sample)


@pytest.mark.parametrize(
    ("title", "weights"),
    [
        ("？？", FieldWeights()),
        ("空调", FieldWeights(title=0)),
        ("空调", FieldWeights(title=0, body=0)),
    ],
)
def test_index_without_searchable_terms_passes(tmp_path, character_settings, title, weights):
    """There is nothing to compare, and nothing wrong."""
    bm25 = BM25Settings(weights=weights)
    settings = character_settings.model_copy(update={"bm25": bm25})
    one = Article(id="a", kind="faq", title=title)
    build([one], tmp_path / "index", settings=settings)
    assert verify(opened(tmp_path / "index")).passed


def test_progress_reaches_the_end(index_dir):
    """Every query compared is reported."""
    reports = []
    verify(opened(index_dir), sample=3, progress=lambda *report: reports.append(report))
    assert [report for report in reports if report[0] == "compare"] == [
        ("compare", number, 3) for number in (1, 2, 3)
    ]


def test_other_analysis_or_encoder_is_told_apart_from_damage(
    index_dir, articles, character_settings, write_character_model, tmp_path, monkeypatch
):
    """What was made by another program or model cannot be judged, which is no failed check."""
    folder = write_character_model(tmp_path / "model", seed=1)
    vectors = VectorSettings(model=str(folder))
    build(articles, index_dir, settings=character_settings.model_copy(update={"vectors": vectors}))
    write_character_model(folder, seed=2)
    with pytest.raises(EncoderError, match="other weights"):
        verify(opened(index_dir))
    monkeypatch.setattr("kbsearch.analysis.analyzer.ANALYSIS_VERSION", 0)
    with pytest.raises(SnapshotIncompatibleError):
        verify(opened(index_dir))
