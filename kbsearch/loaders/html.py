"""HTML help-centre pages: one article a page.

Fields come from ``<meta name="kb:FIELD" content="…">``, lists as ``a|b``, links and attachments as
in a table cell (`columns`). Where they are not given: the id is the file's name without suffix,
the kind ``faq``, the title the first h1, else ``<title>``. The body is the text of main, else
article, else body, as Markdown; its pictures and videos become attachments. A charset that the
page declares is accepted if it is UTF-8, GB2312, GBK, GB18030 or Big5.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
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
_MAX_CHARACTERS = 8 * 1024**2  # the parser takes time quadratic in some malformed markup
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
_XML_DECLARATION = re.compile(r"<\?xml[^>]*>", re.IGNORECASE)  # the parser warns about it
_NOT_TEXT = ("script", "style", "nav", "footer", "noscript", "template", "svg", "iframe", "select",
             "textarea", "head", "title")  # fmt: skip
_AROUND_TEXT = ("header", "aside")  # of a page that does not mark its main part


def read_html(file: SourceFile) -> Iterator[Draft | Problem]:
    """The article of the page, or why there is none."""
    text = _read_text(file)
    if isinstance(text, Problem):
        yield text
        return
    if "<" not in text or len(text) > _MAX_CHARACTERS:
        code = "html_too_large" if "<" in text else "html_unreadable"
        limit = {"limit": f"{_MAX_CHARACTERS:,}"}
        yield Problem(code, file.name, value=shown(text), params=limit)
        return
    from bs4 import BeautifulSoup, ParserRejectedMarkup

    try:
        page = BeautifulSoup(_XML_DECLARATION.sub("", text), "html.parser")
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
    unwanted = _NOT_TEXT if region and region.name != "body" else _NOT_TEXT + _AROUND_TEXT
    # The root itself is taken where there is no body; a fragment is a page, too.
    region = region or page
    for tag in region.find_all(unwanted):
        tag.extract()
    media = _media(page, region)
    if media:
        given = fields.get("attachments")
        fields["attachments"] = [*(given if isinstance(given, list) else []), *media]
    fields.setdefault("body", _body(region))
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
        column = columns_by_field().get(name)
        if column is None:
            fields[name] = content  # validation reports it
        else:
            fields[name] = parse_cell(column.form, content) if content else None
    return fields, repeated


def _media(page: "BeautifulSoup", region: "Tag") -> list[dict[str, str]]:
    """The pictures and videos of the text, each place once; embedded data has no place."""
    base_tag = page.find("base")
    base = _attribute(base_tag, "href") if base_tag else ""
    attachments: dict[str, dict[str, str]] = {}
    for tag in region.find_all(["img", "video"]):
        source = tag.find("source")
        places = [_attribute(tag, "src"), _attribute(tag, "data-src")]
        places.append(_attribute(source, "src") if source else "")
        place = next((p.strip() for p in places if p and not p.strip().startswith("data:")), "")
        if place:
            kind = AttachmentType.IMAGE if tag.name == "img" else AttachmentType.VIDEO
            location = _location(place, base)
            attachments.setdefault(place, {"type": kind, **location, "caption": _caption(tag)})
    return list(attachments.values())


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


def _caption(tag: "Tag") -> str:
    """The caption of the figure around a picture, else what the tag says of itself."""
    figure = tag.find_parent("figure")
    caption = figure.find("figcaption") if figure else None
    if caption is not None:
        return _text(caption)
    names = ("alt", "title", "aria-label")
    return next((text for name in names if (text := _attribute(tag, name).strip())), "")


def _body(region: "Tag") -> str:
    """The text of `region` as Markdown, without captions, which stand with their attachments."""
    from bs4 import Tag
    from bs4.element import PreformattedString

    for figure in region.find_all("figure"):
        if figure.find(["img", "video"]) and (caption := figure.find("figcaption")):
            caption.extract()
    text = PageText()
    open_tags = [(region, iter(region.children))]
    while open_tags:  # not recursion: pages may be nested to any depth
        tag, children = open_tags[-1]
        child = next(children, None)
        if child is None:
            open_tags.pop()
            text.close(tag.name, _attribute(tag, "href") if tag.name == "a" else "")
        elif isinstance(child, Tag):
            text.open(child.name)
            open_tags.append((child, iter(child.children)))
        elif not isinstance(child, PreformattedString):  # comments and declarations
            text.write(str(child))
    return text.markdown()


def _text(tag: "Tag") -> str:
    """The text within `tag` on one line."""
    return " ".join(tag.get_text().split())


def _attribute(tag: "Tag", name: str) -> str:
    """An attribute of `tag` as text, "" if it has none."""
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or [])
