"""Tests of the command that looks after models, train, and of building with what it gives."""

import json

import pytest

from kbsearch.encoders.registry import load_encoder
from kbsearch.index.snapshot import SnapshotStore
from kbsearch.knowledge_base import KnowledgeBase

ARTICLES = [
    ("cooling", "空调不制冷怎么办", "空调吹风不凉", "请清洗滤网。"),
    ("battery", "手表充不进电", "手表没电", "请更换充电线。"),
    ("refund", "怎么申请退款", "我要退钱", "请在订单页申请。"),
]
ASKED = ["冷气", "腕钟", "还款"]


@pytest.fixture
def source(tmp_path):
    """A file of three articles."""
    rows = [
        {"id": name, "kind": "faq", "title": title, "questions": [question], "body": body}
        for name, title, question, body in ARTICLES
    ]
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def clicks(tmp_path):
    """A file of ten clicks, all different."""
    lines = [
        json.dumps({"query": f"{ASKED[number % 3]}{number}", "article_id": ARTICLES[number % 3][0]})
        for number in range(10)
    ]
    path = tmp_path / "clicks.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def out(tmp_path):
    """Where the trained model goes."""
    return tmp_path / "trained"


@pytest.fixture
def train(run, source, out, character_settings):
    """Runs ``kbsearch train`` on the articles, quickly."""
    model = character_settings.vectors.model

    def run_train(*options):
        return run("train", source, "--out", out, "--model", model, "--epochs", 2, *options)

    return run_train


# train


def test_articles_alone_are_enough(train, out):
    """What was done, in Chinese; nothing is measured; and the command that uses the model."""
    result = train()
    assert result.code == 0
    assert result.out.splitlines() == [
        f"已用 3 篇文章和 0 条查询训练，模型写入 {out}",
        "没有留出查询，未测量效果；请用 kbsearch eval 在自己的查询集上比较",
        f"使用：kbsearch build 文章 --index 目录 --model {out}",
    ]


def test_output_is_english_on_request(train, out):
    """The same three lines."""
    result = train("--lang", "en")
    assert result.code == 0
    assert result.out.splitlines() == [
        f"Trained on 3 articles and 0 queries; the model is in {out}",
        "No queries were kept apart, so nothing was measured; "
        "compare with kbsearch eval on your own",
        f"Use it: kbsearch build ARTICLES --index DIR --model {out}",
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_measured_shares_are_shown(train, clicks, lang):
    """Of ten clicks four are kept apart; the shares before and after are those of the JSON."""
    options = ("--clicks", clicks, "--hold-out", 0.4)
    found = train(*options, "--json").document
    before, after = (f"{found[name]:.1%}" for name in ("before", "after"))
    done, measured, _ = train(*options, "--lang", lang).out.splitlines()
    if lang == "zh":
        assert "3 篇文章和 6 条查询" in done
        assert measured == (f"留出的 4 条查询，只按向量首条命中：训练前 {before}，训练后 {after}")
    else:
        assert "3 articles and 6 queries" in done
        assert measured == (
            f"4 queries kept apart, first hit by vectors alone: {before} before, {after} after"
        )


def test_json_is_one_document(train, clicks, out):
    """Counts, shares between 0 and 1 (of two queries), and the folder; the bar is on stderr."""
    result = train("--clicks", clicks, "--hold-out", 0.2, "--json")
    assert result.code == 0
    document = result.document
    shares = [document.pop(name) for name in ("before", "after")]
    assert document == {"articles": 3, "queries": 8, "held_out": 2, "folder": str(out)}
    assert all(share in (0, 0.5, 1) for share in shares)


def test_json_has_no_share_of_nothing(train):
    """Without clicks both shares are null."""
    document = train("--json").document
    assert (document["held_out"], document["before"], document["after"]) == (0, None, None)


def test_default_keeps_a_tenth_apart(train, clicks):
    """One of ten."""
    document = train("--clicks", clicks, "--json").document
    assert (document["queries"], document["held_out"]) == (9, 1)


def test_trained_folder_is_built_with(run, train, source, out, tmp_path):
    """The last line of the output, carried out: the index has that model, and finds with it."""
    command = train().out.splitlines()[-1]
    assert command.endswith(f"--model {out}")
    index = tmp_path / "index"
    assert run("build", source, "--index", index, "--model", out).code == 0
    opened = KnowledgeBase.open(index)
    assert opened.info().contents.encoder.fingerprint == load_encoder(out).fingerprint
    assert opened.search("空调吹风不凉").hits[0].article_id == "cooling"


def test_options_reach_the_training(train, out, character_settings, tmp_path):
    """Another seed gives another model, the same one the same; the work folder is used."""

    def weights(*options):
        assert train(*options).code == 0
        return (out / "model.safetensors").read_bytes()

    first = weights("--seed", 1, "--work", tmp_path / "work")
    assert (tmp_path / "work").is_dir()
    assert weights("--seed", 1) == first
    assert weights("--seed", 2) != first
    assert character_settings.vectors.model in (out / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("lang", "severity"), [("zh", "错误"), ("en", "error")])
def test_wrong_clicks_train_nothing(train, clicks, out, lang, severity):
    """Exit code 2, each line on stderr with file and number, nothing on stdout or on disk."""
    wrong = '{"query": "热", "article_id": "nowhere"}\n\nno json\n'
    clicks.write_text(wrong + clicks.read_text("utf-8"), encoding="utf-8")
    result = train("--clicks", clicks, "--json", "--lang", lang)
    assert (result.code, result.out) == (2, "")
    assert f"{clicks}:1: {severity}: " in result.err
    assert "nowhere" in result.err
    assert f"{clicks}:3: {severity}: " in result.err
    assert f"{clicks}:2:" not in result.err
    assert not out.exists()


def test_missing_clicks_are_wrong_use(train, out, tmp_path):
    """The file is named, and nothing is trained."""
    result = train("--clicks", tmp_path / "nowhere.jsonl")
    assert result.code != 0
    assert result.out == ""
    assert "nowhere.jsonl" in result.err
    assert not out.exists()


def test_broken_articles_train_nothing(train, source, out):
    """Exit code 1, the line on stderr."""
    source.write_text(source.read_text("utf-8") + '\n{"id": "x"', encoding="utf-8")
    result = train()
    assert (result.code, result.out) == (1, "")
    assert f"{source}:4: " in result.err
    assert not out.exists()


def test_one_article_is_wrong_use(train, source, out):
    """There is nothing to tell it from."""
    source.write_text(source.read_text("utf-8").splitlines()[0], encoding="utf-8")
    result = train()
    assert (result.code, result.out) == (2, "")
    assert not out.exists()


@pytest.mark.parametrize(
    "option", [("--hold-out", "1"), ("--hold-out", "-0.1"), ("--epochs", "0"), ("--seed", "x")]
)
def test_impossible_options_are_wrong_use(run, source, out, option):
    """Exit code 2, the option on stderr."""
    result = run("train", source, "--out", out, *option)
    assert (result.code, result.out) == (2, "")
    assert option[0] in result.err
    assert not out.exists()


def test_unknown_model_folder_is_named(run, source, out, tmp_path):
    """Exit code 1, and nothing is written."""
    result = run("train", source, "--out", out, "--model", tmp_path / "nothing")
    assert (result.code, result.out) == (1, "")
    assert str(tmp_path / "nothing") in result.err
    assert not out.exists()


# build --adapt


@pytest.fixture
def build(run, tmp_path, character_settings):
    """Builds sixty articles by the command line; gives what the manifest says of adapting."""
    rows = [
        {"id": f"a{n}", "kind": "faq", "title": f"第 {n} 号空调不凉", "body": f"清洗滤网 {n} 次。"}
        for n in range(60)
    ]
    path = tmp_path / "sixty.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    index = tmp_path / "index"

    def run_build(*options):
        model = ("--model", character_settings.vectors.model)
        assert run("build", path, "--index", index, *model, *options).code == 0
        contents = SnapshotStore(index).manifest().contents
        return contents.settings.vectors.adapt, contents.encoder.adapted_to

    return run_build


def test_build_adapts_by_default(build):
    """Sixty articles are enough to learn from."""
    assert build() == (True, 60)


def test_adapt_flag_stays_until_it_is_changed(build):
    """Off, and off without a word, since a build takes the published settings; then on again."""
    assert build("--no-adapt") == (False, 0)
    assert build() == (False, 0)
    assert build("--adapt") == (True, 60)
    assert build() == (True, 60)


def test_adapt_flag_beats_the_settings_file(build, tmp_path):
    """The file says no; the flag says yes; what else the file says holds."""
    settings = tmp_path / "settings.toml"
    settings.write_text("[vectors]\nadapt = false\nbody_weight = 0.5\n", encoding="utf-8")
    assert build("--settings", settings) == (False, 0)
    assert build("--settings", settings, "--adapt") == (True, 60)
    vectors = SnapshotStore(tmp_path / "index").manifest().contents.settings.vectors
    assert vectors.body_weight == 0.5


def test_build_with_another_model_keeps_the_adapt_setting(build, tmp_path, write_character_model):
    """`--model` alone changes the model alone."""
    assert build("--no-adapt") == (False, 0)
    other = write_character_model(tmp_path / "other", seed=1)
    assert build("--model", other) == (False, 0)
    contents = SnapshotStore(tmp_path / "index").manifest().contents
    assert contents.encoder.fingerprint == load_encoder(other).fingerprint
