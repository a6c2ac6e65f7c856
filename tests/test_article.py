"""The article: the fields of the contract, and what they may hold."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kbsearch.article import (
    FIELDS,
    Article,
    AttachmentType,
    Audience,
    Kind,
    Relation,
    Status,
    Visibility,
)

MINIMAL = {"id": "a", "kind": "faq", "title": "手表没电"}
# For every field a value that `MINIMAL` and the defaults do not have.
OTHER = {
    "id": "b",
    "kind": "guide",
    "title": "空调不制冷",
    "questions": ["空调不凉"],
    "body": "清洗滤网。",
    "category": "家电/空调",
    "products": ["清风 Q3"],
    "tags": ["制冷"],
    "channels": ["app"],
    "regions": ["华东"],
    "audience": ["new"],
    "visibility": "internal",
    "status": "draft",
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "review_due": "2026-06-30",
    "updated_at": "2025-12-31",
    "reviewed_by": "李工",
    "version": 2,
    "attachments": [{"type": "image", "path": "media/a.png"}],
    "links": [{"rel": "next_step", "id": "c"}],
}


def article(**fields):
    """A minimal article with the given fields."""
    return Article.model_validate({**MINIMAL, **fields})


def refused(**fields):
    """Where the fault of an article lies that must not be accepted."""
    with pytest.raises(ValidationError) as caught:
        article(**fields)
    return [".".join(str(part) for part in error["loc"]) for error in caught.value.errors()]


def test_fields_are_those_of_the_contract():
    """Services and editors' scripts use these names."""
    assert set(Article.model_fields) == set(OTHER)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (Kind, ["faq", "troubleshooting", "policy", "guide", "script"]),
        (Audience, ["new", "regular", "experienced", "enterprise"]),
        (Visibility, ["public", "internal"]),
        (Status, ["draft", "in_review", "published", "retired"]),
        (Relation, ["solves", "next_step", "policy", "script", "see_also", "supersedes"]),
        (AttachmentType, ["image", "video", "file"]),
    ],
)
def test_values_are_those_of_the_contract(values, expected):
    """Every list of possible values is as agreed."""
    assert [str(value) for value in values] == expected


def test_little_is_needed():
    """Id, kind and title make an article: public, published, for everyone, for ever."""
    one = article()
    assert (one.visibility, one.status) == (Visibility.PUBLIC, Status.PUBLISHED)
    assert (one.audience, one.valid_from, one.valid_until, one.version) == ((), None, None, 1)


@pytest.mark.parametrize("field", MINIMAL)
def test_required_field_is_named(field):
    """Without one of the three the error names it."""
    with pytest.raises(ValidationError) as caught:
        Article.model_validate({key: value for key, value in MINIMAL.items() if key != field})
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_misspelt_field_is_an_error():
    """A field that nobody reads must not vanish, in an article or inside it."""
    assert refused(titel="手表") == ["titel"]
    assert refused(links=[{"rel": "solves", "id": "b", "note": "x"}]) == ["links.0.note"]


@pytest.mark.parametrize("name", ["a", "A1", "watch-no-power", "v1.2_3", "0", "x" * 128])
def test_slug(name):
    """Letters, digits, dots, underscores and hyphens make an id."""
    assert article(id=name).id == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "_a", "a b", "手表", "a/b", "a\nb", "x" * 129])
def test_no_slug(name):
    """Anything else is refused: ids become file names and lines of text."""
    assert refused(id=name) == ["id"]


@pytest.mark.parametrize("path", ["", "家电", "家电/空调", "智能家电/空调 柜机/制冷"])
def test_category_path(path):
    """Levels are separated by slashes."""
    assert article(category=path).category == path


@pytest.mark.parametrize("path", ["/家电", "家电/", "家电//空调", "/"])
def test_no_category_path(path):
    """No level is empty."""
    assert refused(category=path) == ["category"]


@pytest.mark.parametrize("field", ["title", "questions", "products", "tags", "channels", "regions"])
def test_text_is_stripped_and_not_empty(field):
    """Blanks around a text say nothing, and a text of blanks is none."""
    as_list = field != "title"
    stripped = getattr(article(**{field: [" 手表\n"] if as_list else " 手表\n"}), field)
    assert stripped == (("手表",) if as_list else "手表")
    assert refused(**{field: [" "] if as_list else " "}) == [f"{field}.0" if as_list else field]


def test_attachment_lies_in_one_place():
    """Either a path or a url, neither both nor none."""
    assert article(attachments=[{"type": "image", "path": "a.png"}])
    assert article(attachments=[{"type": "video", "url": "https://help.example/v"}])
    assert refused(attachments=[{"type": "image"}]) == ["attachments.0"]
    both = {"type": "image", "path": "a.png", "url": "https://help.example/a.png"}
    assert refused(attachments=[both]) == ["attachments.0"]


def test_version_counts_from_one():
    """There is no version zero."""
    assert refused(version=0) == ["version"]


def test_article_must_not_end_before_it_begins():
    """A single day is long enough."""
    assert article(valid_from="2026-03-01", valid_until="2026-03-01")
    with pytest.raises(ValidationError, match="2026-02-28 lies before valid_from 2026-03-01"):
        article(valid_from="2026-03-01", valid_until="2026-02-28")


DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [
        (None, None, [True, True, True]),
        (DAY, None, [False, True, True]),
        (None, DAY, [True, True, False]),
        (DAY, DAY, [False, True, False]),
    ],
)
def test_validity_includes_both_ends(first, last, holds):
    """On the day before, the day itself and the day after."""
    one = article(valid_from=first, valid_until=last)
    days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)]
    assert [one.holds_on(day) for day in days] == holds


def test_searchable_texts():
    """Products and category levels count as tags, transcripts as captions; nothing is empty."""
    one = article(
        questions=["手表续航太短"],
        body="关闭常亮显示。",
        category="穿戴/手表",
        products=["腕伴 S2"],
        tags=["续航"],
        attachments=[
            {"type": "image", "path": "a.png", "caption": "省电设置"},
            {"type": "video", "path": "b.mp4", "transcript": "先打开设置"},
        ],
    )
    texts = one.field_texts()
    assert tuple(texts) == FIELDS
    assert texts == {
        "title": ("手表没电",),
        "questions": ("手表续航太短",),
        "body": ("关闭常亮显示。",),
        "tags": ("续航", "腕伴 S2", "穿戴", "手表"),
        "captions": ("省电设置", "先打开设置"),
    }
    assert article().field_texts() == dict.fromkeys(FIELDS, ()) | {"title": ("手表没电",)}


@pytest.mark.parametrize("field", OTHER)
def test_content_hash_covers_every_field(field):
    """Another value in any field is another article."""
    assert article(**{field: OTHER[field]}).content_hash() != article().content_hash()


@given(st.permutations(list(OTHER)))
def test_content_hash_is_that_of_the_content(order):
    """The same content has the same hash, in whatever order the fields were written."""
    shuffled = Article.model_validate({name: OTHER[name] for name in order})
    assert shuffled.content_hash() == Article.model_validate(OTHER).content_hash()


def test_article_is_frozen_and_survives_json():
    """It cannot be changed, and what is stored comes back equal."""
    one = Article.model_validate(OTHER)
    assert Article.model_validate_json(one.model_dump_json()) == one
    with pytest.raises(ValidationError, match="frozen"):
        one.title = "别的"
