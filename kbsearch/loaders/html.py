"""HTML help-centre pages: one article a page.

Fields come from ``<meta name="kb:FIELD" content="…">``, lists as ``a|b``, links and attachments as
in a table cell (`columns`). Where they are not given: the id is the file's name without suffix,
the kind ``faq``, the title the first h1, else ``<title>``. The body is the text of main, else
article, else body, as Markdown; its pictures and videos become attachments. A charset that the
page declares is accepted if it is UTF-8, GB2312, GBK, GB18030 or Big5.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from kbsearch.article import AttachmentType, Kind
from kbsearch.errors import Problem
from kbsearch.loaders.columns import columns_by_field, parse_cell
from kbsearch.loaders.draft import Draft, SourceFile, shown
from kbsearch.loaders.files import decode, read_bytes
from kbsearch.loaders.page_text import PageText

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_PREFIX = "kb:"
_MAX_CHARACTERS = 8 * 1024**2
_CHARSET = re.compile(rb"<meta[^>]{0,300}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "gb2312": "gb18030",  # GB18030 holds the other two, which pages often claim wrongly
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
}
_EMBEDDED = re.compile(r"data:[a-z]{1,20}/[a-z0-9.+-]{1,80};base64,[A-Za-z0-9+/=]*", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"<\?xml[^>]{0,200}>", re.IGNORECASE)  # the parser warns about it
_NOT_TEXT = frozenset(
    {"script", "style", "nav", "footer", "noscript", "template", "svg", "iframe", "select"}
    | {"textarea", "head", "title"}
)
_AROUND_TEXT = frozenset({"header", "aside"})  # of a page that does not mark its main part
_MEDIA = ["img", "video"]


@dataclass(frozen=True, slots=True)
class _Content:
    """What the main part of a page holds.

    Attributes:
        markdown: Its text, without the captions of media.
        media: Its pictures and videos, in document order.
        captions: Identity of each figure around one of them to the caption.
    """

    markdown: str
    media: "list[Tag]"
    captions: "dict[int, Tag]"


def read_html(file: SourceFile) -> Iterator[Draft | Problem]:
    """The article of the page, or why there is none."""
    text = _read_text(file)
    if isinstance(text, Problem):
        yield text
        return
    text = _parsable(text)
    if "<" not in text or len(text) > _MAX_CHARACTERS:
        code = "html_too_large" if "<" in text else "html_unreadable"
        limit = {"limit": f"{_MAX_CHARACTERS:,}"}
        yield Problem(code, file.name, value=shown(text), params=limit)
        return
    from bs4 import BeautifulSoup, ParserRejectedMarkup

    try:
        page = BeautifulSoup(text, "html.parser")
    except (ParserRejectedMarkup, RecursionError):
        yield Problem("html_unreadable", file.name)
        return
    yield _draft(file, page)


def _read_text(file: SourceFile) -> str | Problem:
    """The text of the page in the encoding that it declares, else UTF-8."""
    raw = read_bytes(file)
    if isinstance(raw, Problem):
        return raw
    declared = _CHARSET.search(raw[:4096])
    charset = declared[1].decode().lower() if declared else "utf-8"
    if raw.startswith(b"\xef\xbb\xbf"):
        charset = "utf-8"
    if charset not in _CHARSETS:
        allowed = {"allowed": ", ".join(_CHARSETS)}
        return Problem("unknown_charset", file.name, value=charset, params=allowed)
    return decode(file, raw, _CHARSETS[charset])


def _parsable(text: str) -> str:
    """The page as the parser can take it in time that grows with its length.

    Python's parser takes time quadratic in the length of tags and comments that are never closed:
    36 seconds for 50 KB of ``<a <a <a``. Their ``<`` becomes text; embedded data are left out.
    """
    text = _XML_DECLARATION.sub("", _EMBEDDED.sub("data:", text))
    commented = text.rfind("-->") + 1
    text = text[:commented] + text[commented:].replace("<!--", "&lt;!--")
    closed, end, rest = text.rpartition(">")
    return closed + end + rest.replace("<", "&lt;")


def _draft(file: SourceFile, page: "BeautifulSoup") -> Draft:
    """The draft of a parsed page."""
    fields, repeated = _meta_fields(page)
    region = page.find("main") or page.find("article") or page.find("body")
    heading = (region or page).find("h1") or page.find("h1")
    if "title" not in fields:
        title = heading or page.find("title")
        fields["title"] = _text(title) if title else None
    if heading and _text(heading) == fields["title"]:
        heading.extract()  # the title need not stand in the body again
    fields.setdefault("id", file.path.stem)
    fields.setdefault("kind", Kind.FAQ.value)
    unwanted = _NOT_TEXT if region and region.name != "body" else _NOT_TEXT | _AROUND_TEXT
    content = _read_region(region or page, unwanted)  # a fragment without body is a page, too
    if content.media:
        given = fields.get("attachments")
        attachments = _attachments(content, _base(page))
        fields["attachments"] = [*(given if isinstance(given, list) else []), *attachments]
    fields.setdefault("body", content.markdown)
    draft = Draft(file, None, fields)
    problems = (draft.problem("duplicate_meta", name) for name in repeated)
    return Draft(file, None, fields, problems=tuple(problems))


def _meta_fields(page: "BeautifulSoup") -> tuple[dict[str, object], list[str]]:
    """What the ``kb:`` metas give, and the fields that are given twice."""
    fields: dict[str, object] = {}
    repeated: list[str] = []
    for meta in page.find_all("meta"):
        name = _attribute(meta, "name").strip()
        if not name.lower().startswith(_PREFIX):
            continue
        name = name[len(_PREFIX) :].strip()
        content = _attribute(meta, "content").strip()
        if name in fields:
            repeated.append(name)
        if content:
            column = columns_by_field().get(name)
            # An unknown field goes through as text, for validation to report.
            fields[name] = parse_cell(column.form, content) if column else content
    return fields, repeated


def _read_region(region: "Tag", unwanted: Collection[str]) -> _Content:
    """The text and the media within `region`, without the tags named in `unwanted`."""
    from bs4 import Tag
    from bs4.element import PreformattedString

    captions = _captions(region)
    skipped = {id(tag) for tag in captions.values()}
    text, media = PageText(), []
    open_tags = [(region, iter(region.children))]
    while open_tags:  # not recursion: pages may be nested to any depth
        tag, children = open_tags[-1]
        child = next(children, None)
        if child is None:
            open_tags.pop()
            text.close(tag.name, _attribute(tag, "href") if tag.name == "a" else "")
        elif isinstance(child, Tag):
            if child.name in unwanted or id(child) in skipped:
                continue
            if child.name in _MEDIA:
                media.append(child)
            text.open(child.name)
            open_tags.append((child, iter(child.children)))
        elif not isinstance(child, PreformattedString):  # comments and declarations
            text.write(str(child))
    return _Content(text.markdown(), media, captions)


def _captions(region: "Tag") -> dict[int, "Tag"]:
    """Identity of each figure that holds a picture or video, to its caption."""
    figures = {id(tag.find_parent("figure")) for tag in region.find_all(_MEDIA)}
    captions = {id(tag.find_parent("figure")): tag for tag in region.find_all("figcaption")}
    captions.pop(id(None), None)
    return {figure: caption for figure, caption in captions.items() if figure in figures}


def _attachments(content: _Content, base: str) -> list[dict[str, str]]:
    """An attachment for each place of a picture or video; embedded data has no place."""
    attachments: dict[str, dict[str, str]] = {}
    for tag in content.media:
        source = tag.find("source")
        places = [_attribute(tag, "src"), _attribute(tag, "data-src")]
        places.append(_attribute(source, "src") if source else "")
        place = next((p.strip() for p in places if p and not p.strip().startswith("data:")), "")
        if place:
            kind = AttachmentType.IMAGE if tag.name == "img" else AttachmentType.VIDEO
            caption = _caption(tag, content.captions.get(id(tag.find_parent("figure"))))
            location = _location(place, base)
            attachments.setdefault(place, {"type": kind, **location, "caption": caption})
    return list(attachments.values())


def _base(page: "Tag") -> str:
    """The address that the page's relative addresses start from, "" if it names none."""
    tag = page.find("base")
    return _attribute(tag, "href") if tag else ""


def _location(place: str, base: str) -> dict[str, str]:
    """``url`` or ``path`` of a `src`; a path is without its query and percent signs."""
    if base.startswith(("http://", "https://", "//")):
        with suppress(ValueError):  # no valid URL; as it stands it will be reported as missing
            place = urljoin(base, place)
    if place.startswith("//"):
        place = f"https:{place}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", place):
        return {"url": place}
    return {"path": unquote(re.split(r"[?#]", place, maxsplit=1)[0])}


def _caption(tag: "Tag", caption: "Tag | None") -> str:
    """The caption of the figure around a picture, else what the tag says of itself."""
    if caption is not None:
        return _text(caption)
    names = ("alt", "title", "aria-label")
    return next((text for name in names if (text := _attribute(tag, name).strip())), "")


def _text(tag: "Tag") -> str:
    """The text within `tag` on one line."""
    return " ".join(tag.get_text().split())


def _attribute(tag: "Tag", name: str) -> str:
    """An attribute of `tag` as text, "" if it has none."""
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or [])
