"""Tests of adaptation: what is learned from articles, and the encoder that carries it."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from kbsearch.adaptation import Adaptation
from kbsearch.article import Article
from kbsearch.encoders.static import StaticEncoder
from kbsearch.errors import EncoderError
from kbsearch.learning.adaptation import adapt, intent_of, pieces, settings_for
from kbsearch.learning.fitting import Schedule

# Each pair has no character in common: a model of single characters sees nothing alike in it.
PRODUCTS = [
    ("空调", "冷气"),
    ("手表", "腕钟"),
    ("门锁", "智扣"),
    ("宽带", "网络"),
    ("相机", "镜头"),
]
TROUBLES = [("没电", "耗尽"), ("很慢", "卡顿"), ("坏了", "故障"), ("丢失", "找不到")]
PLACES = [("厨房", "灶间"), ("卧室", "睡处"), ("店里", "铺面")]
SETTINGS = settings_for(512)
QUICK = SETTINGS._replace(schedule=Schedule(epochs=3, batch=32, learning_rate=1e-2))


def article(name="a", title="空调没电", **fields):
    """A frequently asked question."""
    return Article.model_validate({"id": name, "kind": "faq", "title": title, **fields})


def sixty():
    """Sixty articles, each with one paraphrase, and a second paraphrase of each to ask.

    The second one mixes the words of both, so no article says it.
    """
    articles, held_back = [], []
    for number, (product, trouble, place) in enumerate(
        itertools.product(PRODUCTS, TROUBLES, PLACES)
    ):
        articles.append(
            article(
                f"a{number:02d}",
                place[0] + product[0] + trouble[0],
                questions=[place[1] + product[1] + trouble[1]],
                body=f"请拨打 {number} 号。",
            )
        )
        held_back.append(place[0] + product[1] + trouble[1])
    return articles, held_back


@pytest.fixture(scope="module")
def folder(write_character_model, tmp_path_factory):
    """A static model of a random row for each character; nobody writes to it."""
    return write_character_model(tmp_path_factory.mktemp("model") / "characters")


@pytest.fixture(scope="module")
def encoder(folder):
    """That model, loaded."""
    return StaticEncoder(folder, "characters")


def quickly(encoder, articles):
    """An adaptation of a few steps."""
    return adapt(encoder, articles, settings=QUICK, progress=lambda done, total: None)


def number_of(encoder, character):
    """The number of a character among the encoder's words."""
    return int(encoder.words.ids([character])[0][0])


def content(adaptation):
    """All of an adaptation: types, shapes and bytes."""
    arrays = (adaptation.words, adaptation.rows, adaptation.articles)
    return [(array.dtype, array.shape, array.tobytes()) for array in arrays]


# What is learned


def likeness(model, articles, texts):
    """(texts, articles) cosine of each text with each title."""
    return model.encode(texts) @ model.encode([article.title for article in articles]).T


def test_paraphrases_that_were_held_back_come_nearer(encoder):
    """As a build learns: each new wording comes nearer to its title than it does to the others."""
    articles, held_back = sixty()
    adapted = encoder.adapted(adapt(encoder, articles, progress=lambda done, total: None))
    gain = likeness(adapted, articles, held_back) - likeness(encoder, articles, held_back)
    own = np.eye(len(articles), dtype=bool)
    assert gain[own].mean() > 0.1
    assert gain[own].mean() > gain[~own].mean() + 0.05


def test_paraphrases_that_were_held_back_are_found(encoder):
    """With more steps each new wording finds its title first; before, hardly any did.

    A model of random characters knows the wordings by their place alone, which twenty share.
    """
    articles, held_back = sixty()
    longer = SETTINGS._replace(schedule=Schedule(epochs=40, batch=32, learning_rate=1e-2))
    adapted = encoder.adapted(
        adapt(encoder, articles, settings=longer, progress=lambda done, total: None)
    )
    found = [
        (likeness(model, articles, held_back).argmax(axis=1) == np.arange(len(articles))).mean()
        for model in (encoder, adapted)
    ]
    assert found[0] < 0.3
    assert found[1] > 0.9


def test_only_words_that_occur_change(encoder):
    """The characters of title, questions, body and captions get new rows, and no others.

    Tags are not learned from, and the unknown token has no row that could change.
    """
    picture = {"type": "image", "path": "a.png", "caption": "己"}
    one = article("a", "甲😀", questions=["乙"], body="丙。", tags=["丁"], attachments=[picture])
    adaptation = quickly(encoder, [one, article("b", "戊", body="丙")])
    expected = sorted(number_of(encoder, character) for character in "甲乙丙戊己")
    assert adaptation.words.tolist() == expected
    adapted = encoder.adapted(adaptation)
    everything = np.arange(len(encoder.words.weights))
    changed = (encoder.words.rows != adapted.words.rows).any(axis=1)
    assert everything[changed].tolist() == expected
    assert adaptation.words.dtype == np.int32
    assert (adaptation.rows.dtype, adaptation.rows.shape) == (np.float16, (5, encoder.dim))


def test_it_knows_which_articles_it_learned_from(encoder):
    """A content hash of each, ascending, 32 bytes."""
    articles = [article(name, f"{name} 很慢", body="请重启。") for name in "abc"]
    learned = quickly(encoder, articles).articles
    assert (learned.dtype, learned.shape) == (np.uint8, (3, 32))
    expected = sorted(article.content_hash() for article in articles)
    assert [bytes(row).hex() for row in learned] == expected


def test_same_articles_give_the_same_bytes(encoder):
    """Whatever was drawn from torch's and NumPy's chance before; other articles give others."""
    articles, _ = sixty()
    torch.manual_seed(1)
    first = quickly(encoder, articles)
    torch.manual_seed(2)
    torch.rand(3)
    assert content(quickly(encoder, articles)) == content(first)
    assert quickly(encoder, articles[1:]).digest != first.digest


def test_the_encoder_stays_as_it_came(encoder):
    """Learning does not touch the rows that it starts from."""
    before = encoder.encode(["空调没电", "冷气"])
    quickly(encoder, [article("a"), article("b", "冷气", questions=["空调"])])
    assert encoder.encode(["空调没电", "冷气"]).tobytes() == before.tobytes()
    assert encoder.adaptation is None


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


@pytest.mark.parametrize("stops", [False, True])
def test_torch_is_left_as_it_was(encoder, stops):
    """Chance and number of threads are the program's own, also if learning is broken off."""

    def progress(done, total):
        if stops:
            raise Stopped

    def learn():
        pair = [article("a", body="请充电。"), article("b", "冷气耗尽", body="换电池。")]
        adapt(encoder, pair, settings=QUICK, progress=progress)

    torch.set_num_threads(2)  # the fixture puts back what was
    state = torch.get_rng_state()
    if stops:
        with pytest.raises(Stopped):
            learn()
    else:
        learn()
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)


def test_progress_reaches_the_end(encoder):
    """Sixty articles in batches of 32 are two steps, in each of three epochs."""
    steps = []
    adapt(
        encoder,
        sixty()[0],
        settings=QUICK,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(number, 6) for number in range(1, 7)]


def test_articles_of_one_text_teach_nothing(encoder):
    """A title without question or body has nothing to be likened to: its words stay."""
    adaptation = quickly(encoder, [article(str(n), f"空调{n}") for n in range(3)])
    np.testing.assert_allclose(
        adaptation.rows, encoder.words.rows[adaptation.words], rtol=1e-3, atol=1e-4
    )
    assert len(adaptation.articles) == 3


def test_articles_without_a_known_word_change_nothing(encoder):
    """Nothing is learned, nothing fails, and vectors stay what they were."""
    unknown = [article(str(n), "😀" * (n + 1), questions=["🐱"], body="。") for n in range(3)]
    adaptation = quickly(encoder, unknown)
    assert adaptation.rows.shape == (0, encoder.dim)
    adapted = encoder.adapted(adaptation)
    assert adapted.encode(["空调"]).tobytes() == encoder.encode(["空调"]).tobytes()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_tables_of_any_precision_are_adapted(folder, tmp_path, write_character_model, dtype):
    """A model may store its rows in any floating type; encoding it works, and so must learning."""
    table = load_file(write_character_model(tmp_path / "m") / "model.safetensors")
    rows = table["embedding.weight"].astype(dtype)
    save_file({"embedding.weight": rows}, tmp_path / "m" / "model.safetensors")
    encoder = StaticEncoder(tmp_path / "m", "m")
    pair = [article("a", questions=["冷气"]), article("b", "手表", questions=["腕钟"])]
    adapted = encoder.adapted(quickly(encoder, pair))
    before, after = (model.encode(["空调没电", "冷气"]) for model in (encoder, adapted))
    assert after[0] @ after[1] > before[0] @ before[1]


# What an article teaches


def test_intent_of_an_article():
    """Title and questions ask, each once and in normal form; body and captions answer."""
    one = article(
        title="空調",
        questions=["ＷｉＦｉ", "空调"],
        body="關閉。",
        tags=["手表"],
        attachments=[{"type": "video", "path": "a.mp4", "caption": "省電", "transcript": "先关机"}],
    )
    assert intent_of(one) == (("空调", "wifi"), ("关闭。", "省电", "先关机"), ())


def test_pieces_are_as_long_as_fits_into_sixty():
    """Sentences of 20, 40 and 1 characters: the first two are exactly 60, the last stands alone."""
    first, second, third = "一" * 19 + "。", "二" * 39 + "？", "。"
    assert pieces(first + second + "三" + third) == [first + second, "三" + third]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\n ", []),
        ("。。", []),
        ("没有句号", ["没有句号"]),
        ("一" * 70 + "。二。", ["一" * 70 + "。", "二。"]),
        ("二。" + "一" * 70, ["二。", "一" * 70]),
        ("真的？！好；行\n走", ["真的？！好；行\n走"]),
    ],
)
def test_pieces_of_odd_texts(text, expected):
    """Nothing to say gives none; a sentence is never cut, however long; all full stops end one."""
    assert pieces(text) == expected


@given(st.lists(st.integers(1, 80), max_size=12))
def test_pieces_lose_nothing_and_are_full(lengths):
    """Together they are the text; none is beyond 60 but a single sentence; the next did not fit."""
    sentences = ["字" * length + "。" for length in lengths]
    runs = pieces("".join(sentences))
    assert "".join(runs) == "".join(sentences)
    assert all(len(run) <= 60 or run.count("。") == 1 for run in runs)
    for run, following in itertools.pairwise(runs):
        assert len(run) + following.index("。") + 1 > 60


# The adaptation itself


def hand_made(words, rows, articles=()):
    """An adaptation of the given numbers, rows and article hashes."""
    hashes = np.frombuffer(b"".join(articles), np.uint8).reshape(-1, 32)
    return Adaptation(np.array(words, np.int32), np.array(rows, np.float16), hashes)


A, B, C, D, E = (bytes([number]) * 32 for number in range(5))


@pytest.mark.parametrize(
    ("learned", "given_hashes", "share"),
    [
        ((A, B, C), (A, B, C), 0),
        ((A, B, C), (B, C, D, E), 3 / 5),  # A, D and E of all five
        ((A, B), (A,), 1 / 2),
        ((A,), (B,), 1),
        ((A,), (), 1),
        ((), (A,), 1),
        ((), (), 0),
    ],
)
def test_share_unknown_by_hand(learned, given_hashes, share):
    """Articles of one side alone, divided by all of both."""
    hashes = np.frombuffer(b"".join(given_hashes), np.uint8).reshape(-1, 32)
    assert hand_made([], np.zeros((0, 2)), learned).share_unknown(hashes) == share


def test_digest_follows_words_and_rows():
    """Another word or another row is another adaptation; who taught it is of no account."""
    original = hand_made([1, 2], [[1, 0], [0, 1]], [A])
    assert hand_made([1, 2], [[1, 0], [0, 1]], [B, C]).digest == original.digest
    assert hand_made([1, 3], [[1, 0], [0, 1]], [A]).digest != original.digest
    assert hand_made([1, 2], [[1, 0], [0, 2]], [A]).digest != original.digest
    assert len(original.digest) == 32


@pytest.mark.parametrize("empty", [False, True])
def test_loaded_adaptation_is_the_saved_one(tmp_path, empty):
    """Same types, shapes and bytes, one that learned nothing included."""
    saved = hand_made([], np.zeros((0, 3))) if empty else hand_made([1, 2], np.eye(2), [A, B])
    saved.save(tmp_path)
    loaded = Adaptation.load(tmp_path)
    assert content(loaded) == content(saved)
    assert loaded.digest == saved.digest
    assert {path.name for path in tmp_path.iterdir()} == {
        "adapted_words.npy",
        "adapted_rows.npy",
        "adapted_articles.npy",
    }


# The encoder that carries it


def direction(axis, length=1.0):
    """A row of the character model along one axis."""
    row = np.zeros(16)
    row[axis] = length
    return row


def test_adapted_encoder_uses_the_new_rows(folder):
    """空 becomes (3, 0, …) and 调 (0, 4, …), so 空调 is (0.6, 0.8, 0, …); others stay.

    The encoder that it came from stays, too, even if it was asked for its words before.
    """
    encoder = StaticEncoder(folder, "m")
    before, rows, weights = encoder.encode(["空调"]), encoder.words.rows, encoder.words.weights
    numbers = [number_of(encoder, character) for character in "空调"]
    adaptation = hand_made(numbers, [direction(0, 3), direction(1, 4)])
    adapted = encoder.adapted(adaptation)
    np.testing.assert_allclose(adapted.encode(["空调"])[0, :3], [0.6, 0.8, 0], atol=1e-6)
    assert adapted.encode(["手表"]).tobytes() == encoder.encode(["手表"]).tobytes()
    assert adapted.words.weights[numbers].tolist() == [3, 4]
    np.testing.assert_array_equal(
        adapted.words.vectors(np.array(numbers)), [direction(0), direction(1)]
    )
    assert adapted.adaptation is adaptation
    assert (adapted.name, adapted.dim) == (encoder.name, encoder.dim)

    assert encoder.encode(["空调"]).tobytes() == before.tobytes()
    assert encoder.words.rows is rows
    assert encoder.words.weights is weights
    assert encoder.adaptation is None


def test_fingerprint_follows_the_adaptation(folder):
    """Adapted differently, or not at all, is another encoder; adapted alike is the same."""
    encoder = StaticEncoder(folder, "m")
    original = encoder.fingerprint
    one, same, other = (
        encoder.adapted(hand_made([5], [direction(axis)], articles)).fingerprint
        for axis, articles in ((0, [A]), (0, [B]), (1, [A]))
    )
    assert one == same
    assert len({original, one, other}) == 3
    assert all(len(each) == 64 for each in (original, one, other))
    assert encoder.fingerprint == original
    assert StaticEncoder(folder, "m").adapted(hand_made([5], [direction(0)])).fingerprint == one


def test_adaptation_to_another_model_is_refused(encoder):
    """Rows of another length, or a word beyond the table, are an EncoderError."""
    last = len(encoder.words.weights) - 1
    assert encoder.adapted(hand_made([last], [direction(0)])).adaptation is not None
    for words, rows in (([last], np.ones((1, 15))), ([last + 1], [direction(0)])):
        with pytest.raises(EncoderError, match="adaptation to another model"):
            encoder.adapted(hand_made(words, rows))
    with pytest.raises(EncoderError, match="adaptation to another model"):
        encoder.adapted(hand_made([], np.zeros((0, 15))))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_tables_of_any_type_take_the_rows_as_they_are(tmp_path, write_character_model, dtype):
    """Half a unit is half a unit, also where the model's own rows are whole numbers (model2vec)."""
    table = load_file(write_character_model(tmp_path / "m") / "model.safetensors")
    rows = (30 * table["embedding.weight"]).astype(dtype)
    save_file({"embedding.weight": rows}, tmp_path / "m" / "model.safetensors")
    encoder = StaticEncoder(tmp_path / "m", "m")
    number = number_of(encoder, "空")
    adapted = encoder.adapted(hand_made([number], [direction(0, 0.5)]))
    assert adapted.words.rows[number].tolist() == direction(0, 0.5).tolist()
    np.testing.assert_array_equal(adapted.encode(["空"]), [direction(0)])
