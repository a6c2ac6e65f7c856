"""Tests of the cross-encoder behind the ranking."""

import sys

import numpy as np
import pytest

from kbsearch.article import Article
from kbsearch.errors import EncoderError, MissingDependencyError
from kbsearch.indexer.opening import open_analyzer, open_encoder
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.reranking import CrossEncoderReranker, passage
from kbsearch.retrieval.searcher import Searcher
from kbsearch.settings import RankingSettings, Settings

ROWS = [{"id": name, "title": "手表" + name, "body": "电池"} for name in "abcd"]


class Backwards:
    """Puts the last candidate that it reads first, and remembers what it read."""

    def __init__(self):
        self.calls = []

    def scores(self, query, texts):
        """Higher the later a text comes."""
        self.calls.append((query, list(texts)))
        return np.arange(len(texts), dtype=np.float64)


def reranked(knowledge_base, reranker, depth=10):
    """The same knowledge base with a reranker."""
    index = knowledge_base.searcher.index
    ranking = RankingSettings(cross_encoder_depth=depth)
    searcher = Searcher(
        index,
        open_analyzer(index),
        open_encoder(index),
        knowledge_base.settings.model_copy(update={"ranking": ranking}),
        reranker,
    )
    return KnowledgeBase(knowledge_base.index_dir, searcher)


def ids(response):
    """The article ids of a response, best first."""
    return [hit.article_id for hit in response.hits]


@pytest.fixture
def small(build_small):
    """Four equal articles, which come in the order of their ids."""
    return build_small(ROWS)


def test_reorders_the_first_candidates_only(small):
    """Of the first three the last comes first; the fourth stays where it is."""
    assert ids(small.search("手表")) == ["a", "b", "c", "d"]
    assert ids(reranked(small, Backwards(), depth=3).search("手表")) == ["c", "b", "a", "d"]


def test_keeps_score_and_confidence(small):
    """A place is changed, not what is known of the article; and the scores are explained."""
    plain = {hit.article_id: hit for hit in small.search("手表").hits}
    response = reranked(small, Backwards(), depth=3).search("手表", explain=True)
    for hit in response.hits:
        assert hit.score == plain[hit.article_id].score
        assert hit.confidence == plain[hit.article_id].confidence
    assert [hit.explanation.reranked for hit in response.hits] == [2.0, 1.0, 0.0, None]


def test_reads_title_and_beginning_of_body(small):
    """With the earlier turns before the query; the body is cut at 200 characters."""
    reranker = Backwards()
    reranked(small, reranker, depth=2).search("手表", context=["你好"])
    assert reranker.calls == [("你好\n手表", ["手表a\n电池", "手表b\n电池"])]
    long = Article(id="a", kind="faq", title="手表", body="电" * 300)
    assert passage(long) == "手表\n" + "电" * 200


def test_evaluation_sees_the_new_order_of_search_alone(small):
    """`final` is what search shows; the legs stay as they are."""
    other = reranked(small, Backwards())
    rankings = other.rankings("手表")
    assert [name for name, _ in rankings[Leg.FINAL]] == ids(other.search("手表"))
    for leg in (Leg.BM25, Leg.DENSE, Leg.HYBRID):
        assert rankings[leg] == small.rankings("手表")[leg]


def test_nothing_found_is_not_reranked(small):
    """A model is not asked about no texts."""
    reranker = Backwards()
    assert reranked(small, reranker).search("？？").hits == ()
    assert reranker.calls == []


def test_equal_scores_keep_the_order(small):
    """A cross-encoder that cannot tell them apart changes nothing."""

    class Constant:
        def scores(self, query, texts):
            return np.zeros(len(texts))

    assert ids(reranked(small, Constant()).search("手表")) == ["a", "b", "c", "d"]


# The CrossEncoder of sentence-transformers


@pytest.fixture(scope="module")
def write_cross_encoder():
    """Writes a tiny CrossEncoder with random weights, of one or more labels."""
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")

    def write(folder, labels=1):
        folder.mkdir(exist_ok=True)
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"手表电池空调门锁abcd"]
        (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
        tokenizer = transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"))
        config = transformers.BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            num_labels=labels,
            initializer_range=2.0,
        )
        torch.manual_seed(0)
        transformers.BertForSequenceClassification(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return write


def test_scores_are_the_models_own(write_cross_encoder, tmp_path):
    """One for each text, in order, as sentence-transformers gives them."""
    from sentence_transformers import CrossEncoder

    folder = write_cross_encoder(tmp_path / "cross")
    texts = ["手表a\n电池", "空调", "门锁b"]
    scores = CrossEncoderReranker(str(folder)).scores("手表", texts)
    expected = CrossEncoder(str(folder)).predict([("手表", text) for text in texts])
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert len({*scores.tolist()}) == 3


def test_setting_names_the_model(write_cross_encoder, build_small, tmp_path):
    """The folder of the settings orders the hits by what it says of their texts."""
    folder = write_cross_encoder(tmp_path / "cross")
    small = build_small(ROWS, ranking={"cross_encoder": str(folder)})
    response = small.search("手表", explain=True)
    scores = CrossEncoderReranker(str(folder)).scores("手表", [f"手表{n}\n电池" for n in "abcd"])
    shown = {hit.article_id: hit.explanation.reranked for hit in response.hits}
    assert [shown[name] for name in "abcd"] == pytest.approx(scores.tolist(), rel=1e-5)
    assert ids(response) == sorted("abcd", key=shown.__getitem__, reverse=True)
    searcher = small.searcher
    plain = searcher.with_settings(small.settings.model_copy(update={"ranking": RankingSettings()}))
    assert [
        n
        for n, _ in plain.rankings(
            "手表", [Leg.FINAL], allowed=plain.allowed(), context=(), depth=4
        )[Leg.FINAL]
    ] == ["a", "b", "c", "d"]


def test_is_off_by_default():
    """It costs tens of milliseconds a query."""
    assert Settings().ranking.cross_encoder == ""


def test_folder_of_the_settings_becomes_absolute(tmp_path, monkeypatch):
    """So that it holds in every working folder; a name stays a name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cross").mkdir()
    for given, kept in {"cross": str(tmp_path / "cross"), "owner/model": "owner/model"}.items():
        settings = Settings(ranking=RankingSettings(cross_encoder=given))
        assert settings.resolved().ranking.cross_encoder == kept


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_folder_without_a_model_is_an_encoder_error(build_small, tmp_path, lang):
    """Its name and what to do are said, and the cause is kept."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="empty") as caught:
        build_small(ROWS, ranking={"cross_encoder": str(tmp_path / "empty")})
    assert "ranking.cross_encoder" in caught.value.text(lang)
    assert caught.value.__cause__ is not None


def test_model_of_several_labels_is_refused(write_cross_encoder, tmp_path):
    """Which of them would be the score?"""
    folder = write_cross_encoder(tmp_path / "three", labels=3)
    with pytest.raises(EncoderError, match="num_labels = 3"):
        CrossEncoderReranker(str(folder))


def test_failure_while_scoring_is_an_encoder_error(write_cross_encoder, tmp_path, monkeypatch):
    """What the model raises becomes an EncoderError."""
    reranker = CrossEncoderReranker(str(write_cross_encoder(tmp_path / "cross")))

    def fail(*_, **__):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(reranker._model, "predict", fail)
    with pytest.raises(EncoderError, match="out of memory"):
        reranker.scores("手表", ["手表"])


def test_missing_package_names_what_to_install(monkeypatch):
    """Without sentence-transformers the error names the package to install."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingDependencyError, match="pip install sentence-transformers"):
        CrossEncoderReranker("owner/model")
