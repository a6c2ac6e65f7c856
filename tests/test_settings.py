"""Settings: read from TOML, checked, and kept whole in a manifest."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from kbsearch.errors import SettingsError
from kbsearch.settings import (
    BM25Settings,
    DecisionSettings,
    FeatureWeights,
    FieldWeights,
    Settings,
)


@pytest.fixture
def toml(tmp_path):
    """Writes a settings file and gives its path."""

    def write(text):
        path = tmp_path / "kbsearch.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_file_changes_what_it_names_and_keeps_the_rest(toml):
    """Sections and values that a file leaves out have their defaults."""
    read = Settings.read(toml('[bm25]\nidf = "okapi"\n[bm25.weights]\ntitle = 3\n'))
    expected = BM25Settings(idf="okapi", weights=FieldWeights(title=3))
    assert read == Settings(bm25=expected)


def test_empty_file_is_the_defaults(toml):
    """Nothing said, nothing changed."""
    assert Settings.read(toml("")) == Settings()


def test_settings_survive_the_manifest(toml):
    """What goes into a manifest as JSON comes back equal, paths included."""
    settings = Settings.read(toml('[dictionaries]\nsynonyms = "词典/synonyms.txt"\n'))
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[bm25]\nk2 = 1", "bm25.k2"),
        ("[search]\ntop = 5", "search"),
        ("[bm25]\nk1 = 0", "bm25.k1"),
        ("[bm25]\nb = 1.1", "bm25.b"),
        ('[bm25]\nidf = "atire"', "bm25.idf"),
        ("[bm25.weights]\ntitle = -1", "bm25.weights.title"),
        ("[bm25.weights]\ntitle = 1.5", "bm25.weights.title"),
        ("[vectors]\nexact_up_to = -1", "vectors.exact_up_to"),
        ("[fusion]\ndense_weight = -0.1", "fusion.dense_weight"),
        ("[fusion]\ndepth = 0", "fusion.depth"),
        ("[query]\ncontext_weight = 1.1", "query.context_weight"),
        ("[ranking.with_questions]\nquestion = 1", "ranking.with_questions.second"),
        ("[decision]\nanswer_strict = -1", "decision.answer_strict"),
        ("[decision]\nanswer = 2", "decision.answer"),
    ],
)
def test_impossible_setting_is_named(toml, text, named):
    """A misspelt name or a value out of range is refused, and the message says which."""
    with pytest.raises(ValueError, match=named):
        Settings.read(toml(text))


def test_impossible_settings_are_told_in_chinese(toml):
    """Every one, with file, setting and value; so is what contradicts itself."""
    path = toml("[bm25]\nk1 = -1\n[fusion]\ndepth = 'x'\n[decision]\nsuggest = 1\n")
    with pytest.raises(SettingsError) as caught:
        Settings.read(path)
    said = caught.value.text("zh")
    for part in (str(path), "bm25.k1", "应大于 0", "fusion.depth", "应是整数", "suggest 不应高于"):
        assert part in said


def test_file_that_is_no_toml_is_refused(toml):
    """A syntax error is a ValueError, too, and gives the line."""
    with pytest.raises(ValueError, match="line 2"):
        Settings.read(toml("[bm25]\nk1 = \n"))


def test_suggestion_needs_no_more_confidence_than_an_answer():
    """Equal thresholds leave no room for suggestions, which is allowed; crossed ones are not."""
    assert DecisionSettings(suggest=0.5, answer=0.5).suggest == 0.5
    with pytest.raises(ValidationError, match="suggest must not be above answer"):
        DecisionSettings(suggest=0.6, answer=0.5)


@pytest.mark.parametrize(
    ("strict", "answer_strict", "answer_from"),
    [(False, 0.7, 0.5), (True, 0.7, 0.7), (False, 0.4, 0.5), (True, 0.4, 0.5)],
)
def test_strict_says_which_threshold_counts(strict, answer_strict, answer_from):
    """Both are kept, so that one can change between them; strict never answers more."""
    decision = DecisionSettings(suggest=0.1, answer=0.5, answer_strict=answer_strict, strict=strict)
    assert decision.answer_from == answer_from


def test_some_feature_must_count():
    """Weights of which none counts rank nothing; below zero an article lost by being nearer."""
    nothing = dict.fromkeys(FeatureWeights.model_fields, 0.0)
    assert FeatureWeights(**(nothing | {"lexical": 3})).lexical == 3
    with pytest.raises(ValidationError, match="all weights"):
        FeatureWeights(**nothing)
    with pytest.raises(ValidationError, match="lexical"):
        FeatureWeights(**(nothing | {"question": 1, "lexical": -0.1}))


def test_settings_written_are_the_settings_read(toml):
    """What `to_toml` writes comes back equal, with paths and without."""
    changed = Settings.read(
        toml(
            '[dictionaries]\nsynonyms = "词典/a.txt"\n[query]\nspelling = false\n'
            '[recommendation]\nemotion = "词典/emotion.toml"\n'
        )
    )
    for settings in (Settings(), changed):
        assert Settings.read(toml(settings.to_toml())) == settings


@pytest.mark.parametrize(
    ("section", "changes", "fits"),
    [
        ("ranking", {"with_questions": dict.fromkeys(FeatureWeights.model_fields, 1)}, True),
        ("query", {"spelling": False}, True),
        ("decision", {"strict": True}, True),
        ("bm25", {"synonym_weight": 0.1}, True),
        ("vectors", {"body_weight": 0.1}, True),
        ("recommendation", {"emotion": "emotion.toml"}, True),
        ("bm25", {"k1": 2}, False),
        ("vectors", {"adapt": False}, False),
        ("dictionaries", {"synonyms": "synonyms.txt"}, False),
    ],
)
def test_index_is_searched_with_settings_that_do_not_build_it(section, changes, fits):
    """What decides the files of an index may not change, all else may."""
    changed = Settings.model_validate({section: changes})
    assert changed.fits_index_of(Settings()) is fits
    assert Settings().fits_index_of(changed) is fits


def test_files_are_named_whole():
    """A snapshot finds the word list from every working folder."""
    settings = Settings.model_validate({"recommendation": {"emotion": "emotion.toml"}})
    assert settings.resolved().recommendation.emotion == Path("emotion.toml").resolve()
    assert Settings().resolved().recommendation.emotion is None


def test_settings_are_frozen():
    """Nobody changes the settings of an open index by accident."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().bm25.k1 = 2.0
