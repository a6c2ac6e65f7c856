"""The article: one unit of knowledge, as editors write it and services read it."""

import hashlib
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

FIELDS = ("title", "questions", "body", "tags", "captions")

Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
CategoryPath = Annotated[str, StringConstraints(pattern=r"^$|^[^/\s][^/]*(/[^/\s][^/]*)*$")]


class Kind(StrEnum):
    """What an article is for."""

    FAQ = "faq"
    TROUBLESHOOTING = "troubleshooting"
    POLICY = "policy"
    GUIDE = "guide"  # basic use and technical explanation
    SCRIPT = "script"  # wording and standard operating procedures for agents


class Audience(StrEnum):
    """Customer segment, by months of use."""

    NEW = "new"  # up to 1 month
    REGULAR = "regular"  # 1 to 6 months
    EXPERIENCED = "experienced"  # 6 months and more
    ENTERPRISE = "enterprise"


class Visibility(StrEnum):
    """Who may see an article."""

    PUBLIC = "public"
    INTERNAL = "internal"  # agents only


class Status(StrEnum):
    """Where an article stands in its life; only published ones are searchable."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    RETIRED = "retired"


class Relation(StrEnum):
    """How one article leads to another."""

    SOLVES = "solves"
    NEXT_STEP = "next_step"
    POLICY = "policy"
    SCRIPT = "script"
    SEE_ALSO = "see_also"
    SUPERSEDES = "supersedes"


class AttachmentType(StrEnum):
    """What an attachment is."""

    IMAGE = "image"
    VIDEO = "video"
    FILE = "file"


class _Strict(BaseModel):
    """Frozen, and an unknown field is an error: a misspelt one must not vanish."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Attachment(_Strict):
    """A picture, video or file; its caption and transcript are searchable.

    Either `path` (relative to the article's file) or `url` is given.
    """

    type: AttachmentType
    path: str = ""
    url: str = ""
    caption: str = ""
    transcript: str = ""

    @model_validator(mode="after")
    def _has_one_location(self) -> Self:
        if bool(self.path) == bool(self.url):
            raise PydanticCustomError("attachment_location", "give either path or url")
        return self


class Link(_Strict):
    """A typed arrow to another article of the knowledge base."""

    rel: Relation
    id: Slug


class Article(_Strict):
    """One article of the knowledge base.

    Attributes:
        id: Stable slug, unique in the knowledge base.
        kind: What it is for.
        title: Standard question or title.
        questions: Similar questions, as customers put them.
        body: Markdown text.
        category: Taxonomy path such as ``智能家电/空调/制冷``; "" if none.
        products: Products it is about; filter.
        tags: Free keywords; searchable, filter.
        channels: Channels it is meant for; empty = all.
        regions: Regions it holds for; empty = everywhere.
        audience: Segments it is meant for; empty = everyone.
        visibility: Public or internal.
        status: Only ``published`` is searchable.
        valid_from: First day it holds; None = always has.
        valid_until: Last day it holds; None = no end.
        review_due: Day by which somebody must look at it again.
        updated_at: Day of the last change.
        reviewed_by: Who reviewed it.
        version: Version number, from 1.
        attachments: Pictures, videos, files.
        links: Arrows to other articles.
    """

    id: Slug
    kind: Kind
    title: Text
    questions: tuple[Text, ...] = ()
    body: str = ""
    category: CategoryPath = ""
    products: tuple[Text, ...] = ()
    tags: tuple[Text, ...] = ()
    channels: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    audience: tuple[Audience, ...] = ()
    visibility: Visibility = Visibility.PUBLIC
    status: Status = Status.PUBLISHED
    valid_from: date | None = None
    valid_until: date | None = None
    review_due: date | None = None
    updated_at: date | None = None
    reviewed_by: str = ""
    version: Annotated[int, Field(ge=1)] = 1
    attachments: tuple[Attachment, ...] = ()
    links: tuple[Link, ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise PydanticCustomError(
                "date_order",
                "valid_until {valid_until} lies before valid_from {valid_from}",
                {"valid_until": str(self.valid_until), "valid_from": str(self.valid_from)},
            )
        return self

    def field_texts(self) -> dict[str, tuple[str, ...]]:
        """The texts of each searchable field (`FIELDS`), as the editor wrote them.

        Products and the names on the category path count as tags; transcripts as captions.
        """
        captions = [text for file in self.attachments for text in (file.caption, file.transcript)]
        return {
            "title": (self.title,),
            "questions": self.questions,
            "body": (self.body,) if self.body else (),
            "tags": (*self.tags, *self.products, *filter(None, self.category.split("/"))),
            "captions": tuple(filter(None, captions)),
        }

    def content_hash(self) -> str:
        """SHA-256 over every field: two articles are the same if and only if it is equal."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def holds_on(self, day: date) -> bool:
        """Whether `day` lies in the article's validity, both ends included."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )
