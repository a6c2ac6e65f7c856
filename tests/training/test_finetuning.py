"""Tests of fine-tuning: what is read, what is learned, what is kept apart, and what is written."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from kbsearch.article import Article
from kbsearch.encoders.registry import load_encoder
from kbsearch.encoders.sentence_transformer import SentenceTransformerEncoder
from kbsearch.encoders.static import StaticEncoder
from kbsearch.errors import EncoderError, QuerySetError
from kbsearch.learning.transformer import TransformerStudent
from kbsearch.training import finetuning
from kbsearch.training.finetuning import FineTuning, fine_tune, read_clicks

# (title, question, what people type): the last shares no character with the others.
CASES = [
    ("空调制冷", "空调很热", "冷气吹风"),
    ("手表充电", "手表没电", "腕钟续航"),
    ("门锁打开", "门锁坏了", "智扣失灵"),
    ("宽带太慢", "宽带断线", "网络卡顿"),
    ("相机模糊", "相机不清", "镜头花屏"),
    ("发票抬头", "发票开错", "票据改名"),
    ("退款申请", "退款到账", "返还付账"),
    ("保修期限", "保修多久", "维护年份"),
]


def article(name, title, **fields):
    """A frequently asked question."""
    return Article.model_validate({"id": name, "kind": "faq", "title": title, **fields})


@pytest.fixture(scope="module")
def articles():
    """Eight articles, each with one question and a body."""
    return [
        article(f"a{number}", title, questions=[question], body=f"请看第 {number} 条。")
        for number, (title, question, _) in enumerate(CASES)
    ]


@pytest.fixture(scope="module")
def clicks():
    """Of each article four queries, all in words that no article has."""
    places = ["屋里", "楼下", "昨晚", "刚刚"]
    return {
        f"a{number}": [typed + place for place in places]
        for number, (_, _, typed) in enumerate(CASES)
    }


@pytest.fixture(scope="module")
def static(write_character_model, tmp_path_factory):
    """A static model of a random row for each character; nobody writes to it."""
    return str(write_character_model(tmp_path_factory.mktemp("model") / "characters"))


def files_below(folder):
    """Every file below a folder, with its bytes."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


# Clicks


@pytest.fixture
def write(tmp_path):
    """Writes a file of clicks."""

    def write_lines(*lines, newline="\n", encoding="utf-8"):
        path = tmp_path / "clicks.jsonl"
        path.write_bytes(newline.join(lines).encode(encoding))
        return path

    return write_lines


def click(query, article_id):
    """One line."""
    return json.dumps({"query": query, "article_id": article_id}, ensure_ascii=False)


def test_clicks_are_grouped_by_article(write):
    """In the order of the file, repetitions included; blank lines and blank queries are skipped."""
    lines = [click("冷气", "a"), "", click("腕钟", "b"), click("热", "a"), " ", click(" ", "a")]
    assert read_clicks(write(*lines), ["a", "b", "c"]) == {"a": ["冷气", "热"], "b": ["腕钟"]}
    assert read_clicks(write(""), ["a"]) == {}


def test_files_of_windows_and_further_fields_are_read(write):
    """A byte order mark, carriage returns, and what else a log may say of a click."""
    line = json.dumps({"query": "冷气", "article_id": "a", "time": "2026-01-01"})
    path = write(line, line, "", newline="\r\n", encoding="utf-8-sig")
    assert read_clicks(path, ["a"]) == {"a": ["冷气", "冷气"]}


@pytest.mark.parametrize(
    "line",
    [
        "{no json",
        '"冷气"',
        "3",
        "null",
        '["冷气", "a"]',
        '{"query": "冷气"}',
        '{"article_id": "a"}',
        '{"query": null, "article_id": "a"}',
        '{"query": ["冷气"], "article_id": "a"}',
        '{"query": {"text": "冷气"}, "article_id": "a"}',
    ],
)
def test_a_line_that_is_no_click_is_named(write, line):
    """File, line (blank ones count) and what it should have been."""
    path = write(click("热", "a"), "", line)
    with pytest.raises(QuerySetError) as caught:
        read_clicks(path, ["a"])
    (problem,) = caught.value.problems
    assert (problem.code, problem.location) == ("click_wrong", f"{path}:3")
    assert problem.value == line[:40]
    for lang in ("zh", "en"):
        assert '{"query": …, "article_id": …}' in caught.value.text(lang)


def test_all_wrong_lines_are_told_at_once(write):
    """Two articles that do not exist and a line that is no JSON, each with its line."""
    path = write(click("热", "x"), click("热", "a"), "{", click("热", "y"))
    with pytest.raises(QuerySetError) as caught:
        read_clicks(path, ["a", "b"])
    assert [(p.code, p.line, p.field) for p in caught.value.problems] == [
        ("click_unknown_article", 1, "article_id"),
        ("click_wrong", 3, ""),
        ("click_unknown_article", 4, "article_id"),
    ]
    assert "'x'" in str(caught.value)
    assert f"{path}:4: " in str(caught.value)


def test_a_file_in_another_encoding_is_a_fault_of_the_file(write):
    """As with a query set, the error names the file."""
    path = write(click("冷气", "a"), encoding="gbk")
    with pytest.raises(QuerySetError, match=r"clicks\.jsonl"):
        read_clicks(path, ["a"])


# What is kept apart


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.lists(st.sampled_from(["冷", "热", "ＷＩ", "wi", "慢", "坏"]))
    ),
    st.floats(0, 0.99),
    st.integers(0, 9),
)
def test_queries_kept_apart_are_not_learned(clicks, hold_out, seed):
    """Not of any article, in no form; the rest is learned, each query of an article once."""
    learned, asked = finetuning._split(clicks, hold_out, seed)
    pairs = {
        (query.replace("ＷＩ", "wi"), name) for name, queries in clicks.items() for query in queries
    }
    apart = {query for query, _ in asked}
    assert len(asked) == len(set(asked)) == int(hold_out * len(pairs))
    assert set(asked) <= pairs
    listed = [(query, name) for name, queries in learned.items() for query in queries]
    assert len(listed) == len(set(listed))
    assert set(listed) == {(query, name) for query, name in pairs if query not in apart}


def test_the_seed_decides_what_is_kept_apart(clicks):
    """The order of the clicks does not; another seed keeps others apart."""
    backwards = {name: queries[::-1] for name, queries in reversed(clicks.items())}
    first = finetuning._split(clicks, 0.25, 0)
    assert finetuning._split(backwards, 0.25, 0) == first
    assert finetuning._split(clicks, 0.25, 1)[1] != first[1]


def test_words_of_queries_kept_apart_alone_stay(static, articles, tmp_path):
    """Each of ten queries is one character of its own: three stay as they were, seven move.

    All rows are stretched alike, and rounded to 11 bits, so directions are compared.
    """
    characters = "甲乙丙丁戊己庚辛壬癸"
    asked = {"a0": list(characters)}
    done = fine_tune(articles, asked, static, tmp_path / "out", hold_out=0.3)
    before, after = (load_encoder(model).encode(characters) for model in (static, tmp_path / "out"))
    moved = np.linalg.norm(before - after, axis=1) > 1e-3
    assert (done.queries, done.held_out) == (7, 3)
    assert int(moved.sum()) == 7


# A static model


def test_queries_that_nobody_learned_are_found(static, articles, clicks, tmp_path):
    """A model that knows none of the words people type learns them from the other queries.

    Of 32 queries 8 are kept apart; by chance one in eight is found.
    """
    done = fine_tune(articles, clicks, static, tmp_path / "out", epochs=400, hold_out=0.25)
    assert done[:3] == (8, 24, 8)
    assert done.before <= 0.5
    assert done.after >= 0.75
    assert done.after > done.before


def test_shares_are_what_a_plain_count_gives(static, articles, clicks, tmp_path):
    """Article by article: best of title and question, plus half of the body; first is right."""
    done = fine_tune(articles, clicks, static, tmp_path / "out", epochs=5, hold_out=0.5)
    _, asked = finetuning._split(clicks, 0.5, 0)
    for model, share in ((static, done.before), (tmp_path / "out", done.after)):
        encoder = load_encoder(model)
        right = 0
        for query, name in asked:
            (vector,) = encoder.encode([query])
            scores = {
                each.id: max(encoder.encode([each.title, *each.questions]) @ vector)
                + 0.5 * (encoder.encode([each.body]) @ vector)[0]
                for each in articles
            }
            right += max(scores, key=scores.get) == name
        assert share == right / 16


def test_nothing_kept_apart_is_not_measured(static, articles, tmp_path):
    """Without clicks, or with a share too small for one query, there is no figure."""
    out = tmp_path / "out"
    assert fine_tune(articles, {}, static, out, epochs=1) == FineTuning(8, 0, 0, None, None)
    few = fine_tune(articles, {"a0": ["冷气", "吹风"]}, static, out, epochs=1, hold_out=0.4)
    assert few == FineTuning(8, 2, 0, None, None)


def test_articles_alone_teach(static, articles, tmp_path):
    """Without a click, title and question of an article come together, and those of others not."""
    fine_tune(articles, {}, static, tmp_path / "out")

    def likeness(model):
        encoder = load_encoder(model)
        titles = encoder.encode([title for title, _, _ in CASES])
        return encoder.encode([question for _, question, _ in CASES]) @ titles.T

    own = np.eye(len(CASES), dtype=bool)
    gain = likeness(tmp_path / "out") - likeness(static)
    assert gain[own].mean() > gain[~own].mean() + 0.05


def test_articles_of_one_text_teach_nothing(static, tmp_path):
    """Titles without question, body or click: the model written is the model read."""
    titles = [article(f"a{number}", title) for number, (title, _, _) in enumerate(CASES)]
    fine_tune(titles, {}, static, tmp_path / "out", epochs=2)
    texts = [title for title, _, _ in CASES]
    before, after = (load_encoder(model).encode(texts) for model in (static, tmp_path / "out"))
    np.testing.assert_allclose(after, before, atol=1e-3)


def test_the_folder_is_a_model(static, articles, clicks, tmp_path):
    """Both kbsearch and sentence-transformers load it, with the same vectors; the card names it."""
    out = tmp_path / "out"
    fine_tune(articles, clicks, static, out, epochs=2)
    encoder = load_encoder(out)
    assert isinstance(encoder, StaticEncoder)
    texts = ["空调制冷", "冷气", "", "😀"]
    reference = SentenceTransformer(str(out), device="cpu", local_files_only=True)
    np.testing.assert_allclose(encoder.encode(texts), reference.encode(texts), atol=1e-4)
    card = (out / "README.md").read_text(encoding="utf-8")
    assert static in card
    assert "8 articles" in card
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in out.rglob("*") if path.is_file())


def test_a_trained_model_can_be_trained_again(static, articles, clicks, tmp_path):
    """The folder that was written is a model to start from, also into the same folder."""
    out = tmp_path / "out"
    fine_tune(articles, clicks, static, out, epochs=2, hold_out=0.25)
    first = load_encoder(out).fingerprint
    again = fine_tune(articles, clicks, str(out), out, epochs=2, hold_out=0.25)
    assert load_encoder(out).fingerprint != first
    assert again.held_out == 8


def test_the_seed_decides_the_model(static, articles, clicks, tmp_path):
    """Same input and seed, same bytes; another seed, another model."""
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        fine_tune(articles, clicks, static, tmp_path / name, epochs=2, hold_out=0, seed=seed)
    one, same, other = (files_below(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one["model.safetensors"] != other["model.safetensors"]


def test_a_finished_training_leaves_no_checkpoint(static, articles, clicks, tmp_path):
    """Once the model is written the work folder is empty, and a work folder changes nothing."""
    fine_tune(articles, clicks, static, tmp_path / "one", epochs=3, work=tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []
    fine_tune(articles, clicks, static, tmp_path / "plain", epochs=3)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "plain")


# What is refused


@pytest.mark.parametrize("hold_out", [-0.1, 1, 1.5, float("nan")])
def test_hold_out_is_a_share(static, articles, tmp_path, hold_out):
    """At least 0 and below 1: something must be left to learn from."""
    with pytest.raises(ValueError, match="hold_out"):
        fine_tune(articles, {}, static, tmp_path / "out", hold_out=hold_out)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("count", [0, 1])
def test_one_article_has_nothing_to_be_told_from(static, articles, tmp_path, count):
    """It takes two."""
    with pytest.raises(ValueError, match="two articles"):
        fine_tune(articles[:count], {}, static, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there_writes_nothing(articles, tmp_path):
    """An EncoderError, before anything is trained."""
    with pytest.raises(EncoderError, match="nothing"):
        fine_tune(articles, {}, str(tmp_path / "nothing"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# A transformer


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    """A BERT of one layer with random weights, that reads single characters."""
    folder = tmp_path_factory.mktemp("bert")
    characters = sorted({c for case in CASES for text in case for c in text} | set("请看第条屋里"))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate([*special, *characters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=32,
    ).save_pretrained(folder / "bert")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
        )
        BertModel(config).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert")), Pooling(16)]
    model = SentenceTransformer(modules=modules, device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    return str(folder / "model")


def test_student_gives_the_vectors_of_its_model(transformer):
    """Those of sentence-transformers, as unit rows, in the order of the indexes."""
    texts = ["空调制冷", "手表没电了吗", "门"]
    student = TransformerStudent(transformer, torch.device("cpu")).eval()
    reference = SentenceTransformer(transformer, device="cpu", local_files_only=True)
    expected = reference.encode(texts, normalize_embeddings=True)
    vectors = student.prepare(texts)([2, 0, 1]).detach().numpy()
    np.testing.assert_allclose(vectors, expected[[2, 0, 1]], atol=1e-6)


def test_saved_student_is_a_model(transformer, tmp_path):
    """A folder that gives the same vectors; a folder without a model is an EncoderError."""
    student = TransformerStudent(transformer, torch.device("cpu"))
    student.save(tmp_path / "out")
    texts = ["空调制冷", "手表"]
    before, after = (load_encoder(model).encode(texts) for model in (transformer, tmp_path / "out"))
    np.testing.assert_allclose(after, before, atol=1e-6)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="empty") as caught:
        TransformerStudent(str(tmp_path / "empty"), torch.device("cpu"))
    assert caught.value.__cause__ is not None


def test_a_transformer_is_fine_tuned(transformer, articles, clicks, tmp_path):
    """All of it is trained, the folder loads, and the model that it came from stays."""
    untouched = files_below(Path(transformer))
    done = fine_tune(articles, clicks, transformer, tmp_path / "out", hold_out=0.25)
    assert done[:3] == (8, 24, 8)
    assert 0 <= done.before <= 1
    trained = load_encoder(tmp_path / "out")
    assert isinstance(trained, SentenceTransformerEncoder)
    assert trained.fingerprint != load_encoder(transformer).fingerprint
    reference = SentenceTransformer(str(tmp_path / "out"), device="cpu", local_files_only=True)
    np.testing.assert_allclose(
        trained.encode(["空调制冷"]),
        reference.encode(["空调制冷"], normalize_embeddings=True),
        atol=1e-5,
    )
    assert files_below(Path(transformer)) == untouched


def test_a_transformer_trains_the_same_with_a_work_folder(transformer, articles, clicks, tmp_path):
    """Remembering how far it is changes nothing, and ends with the training."""
    fine_tune(articles, clicks, transformer, tmp_path / "one", work=tmp_path / "work")
    fine_tune(articles, clicks, transformer, tmp_path / "two")
    one, two = (load_encoder(tmp_path / name).fingerprint for name in ("one", "two"))
    assert one == two
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("kind", ["static", "transformer"])
def test_a_training_that_could_not_be_written_is_not_done_again(
    request, kind, articles, clicks, tmp_path, capsys
):
    """The work folder knows it: the bar starts at its end, and the model is the same.

    Writing fails since a file is in the way of the folder. Other epochs are another training.
    """
    model, out, work = request.getfixturevalue(kind), tmp_path / "out", tmp_path / "work"
    out.write_text("in the way", encoding="utf-8")
    with pytest.raises(FileExistsError):
        fine_tune(articles, clicks, model, out, epochs=3, work=work)
    assert " 0/3 " in capsys.readouterr().err
    out.unlink()
    (kept,) = work.iterdir()
    checkpoint = kept.read_bytes()
    fine_tune(articles, clicks, model, tmp_path / "other", epochs=4, work=work)
    assert " 0/4 " in capsys.readouterr().err

    kept.write_bytes(checkpoint)
    fine_tune(articles, clicks, model, out, epochs=3, work=work)
    assert " 0/3 " not in capsys.readouterr().err
    fine_tune(articles, clicks, model, tmp_path / "whole", epochs=3)
    assert load_encoder(out).fingerprint == load_encoder(tmp_path / "whole").fingerprint
