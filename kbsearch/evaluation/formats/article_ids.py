"""Ids of other tools as ids of articles, and back.

An id that is a slug stays. Any other becomes `PREFIX` and its UTF-8 bytes in URL-safe base64, whose
letters a slug may have. A slug that begins with `PREFIX` is encoded as well, so that no two ids
become the same.
"""

import base64
import binascii
import re

PREFIX = "b64-"
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", flags=re.ASCII)


def slug_of(foreign_id: str) -> str:
    """The article id of `foreign_id`; the same in every run.

    Raises:
        ValueError: It is empty, has half a character in it, or more than 93 UTF-8 bytes, which is
            what base64 makes 128 characters of.

    Example:
        >>> slug_of("doc-1"), slug_of("空调")
        ('doc-1', 'b64-56m66LCD')
    """
    if _SLUG.fullmatch(foreign_id) and not foreign_id.startswith(PREFIX):
        return foreign_id
    slug = PREFIX + base64.urlsafe_b64encode(foreign_id.encode()).decode().rstrip("=")
    if not foreign_id or not _SLUG.fullmatch(slug):
        raise ValueError(f"no article id can stand for {foreign_id!r}")
    return slug


def foreign_id_of(slug: str) -> str:
    """The id that `slug_of` made `slug` of; `slug` itself if it did not.

    Example:
        >>> foreign_id_of("b64-56m66LCD"), foreign_id_of("b64-notes")
        ('空调', 'b64-notes')
    """
    encoded = slug.removeprefix(PREFIX)
    try:
        foreign_id = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        return foreign_id if slug_of(foreign_id) == slug else slug
    except (binascii.Error, ValueError):
        return slug
