"""Privacy: personal data taken out of texts before anything is stored.

What looks like a phone number, identity card, bank card, e-mail or street address is replaced by a
tag, and so is a name with which a person introduces himself or that stands behind a label such as
「联系人：」. Other names are not found; whoever writes free text into an event may still write one.
"""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Digits that may be grouped by single blanks or hyphens, with no digit before or after.
_DIGITS = re.compile(r"(?<![\dA-Za-z])\+?\d(?:[ -]?\d){6,21}[ -]?[Xx]?(?![\dA-Za-z])")
_MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}[ -]\d{7,8}|0\d{9,11}")
_ADDRESS = re.compile(
    r"(?:[\u4e00-\u9fff]{2,10}?(?:省|自治区|市|区|县|旗|镇|乡))*"
    r"[\u4e00-\u9fff\d]{1,12}?(?:路|街|大道|道|巷|弄|胡同|村|小区|花园|公寓|苑|大厦|广场|新村|家园)"
    r"(?:[\u4e00-\u9fff]{0,6}?[\dA-Za-z一二三四五六七八九十百]+(?:号楼|号院|号|弄|栋|幢|座|单元|室|楼|层))+"
    r"(?:[\dA-Za-z]{1,5}室?)?"
)
# Where a name ends: Chinese goes on without a blank.
_AFTER = r"(?=$|[^\u4e00-\u9fff]|电话|手机|住|家住|身份证|今年|吗|呢|啊)"
# Full-width letters, digits and ＠ ＋ － ．
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()} | {
    0xFF20: "@",
    0xFF0B: "+",
    0xFF0D: "-",
    0xFF0E: ".",
}
# GB 11643-1999, ISO 7064 MOD 11-2.
_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_CHECKS = "10X98765432"


def mask(text: str) -> str:
    """The text with personal data replaced by tags such as ``<phone>``.

    >>> mask("我叫李雷，电话 138 0013 8000，邮箱 lilei@example.com")
    '我叫<name>，电话 <phone>，邮箱 <email>'
    """
    masked = _EMAIL.sub("<email>", text.translate(_HALF_WIDTH))
    masked = _DIGITS.sub(_number_tag, masked)
    masked = _ADDRESS.sub("<address>", masked)
    for name in _names():
        masked = name.sub(r"\1<name>", masked)
    return masked


def is_identity_card(number: str) -> bool:
    """Whether 18 characters are an identity card number with a right check digit.

    >>> is_identity_card("11010519491231002X")
    True
    """
    if not re.fullmatch(r"[1-9]\d{16}[\dXx]", number):
        return False
    total = sum(int(d) * weight for d, weight in zip(number, _CARD_WEIGHTS, strict=False))
    return _CARD_CHECKS[total % 11] == number[-1].upper()


def is_bank_card(number: str) -> bool:
    """Whether 13 to 19 digits pass the Luhn check (ISO/IEC 7812-1).

    >>> is_bank_card("6222021234567890128")
    True
    """
    if not re.fullmatch(r"\d{13,19}", number):
        return False
    digits = [int(d) for d in reversed(number)]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


_CHECKS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("<id_card>", is_identity_card),
    ("<phone>", _MOBILE.fullmatch),
    ("<bank_card>", is_bank_card),
)


def _number_tag(match: re.Match[str]) -> str:
    written = match[0].strip()
    plain = re.sub(r"[ -]", "", written)
    for tag, is_one in _CHECKS:
        if is_one(plain):
            return tag + match[0][len(match[0].rstrip()) :]
    return "<phone>" if _LANDLINE.fullmatch(written) else match[0]


@cache
def _names() -> tuple[re.Pattern[str], ...]:
    """Expressions whose first group stands before a name."""
    source = resources.files(__package__).joinpath("names.toml")
    lists = tomllib.loads(source.read_text(encoding="utf-8"))
    either = {key: "|".join(words) for key, words in lists.items()}
    family = f"(?:{either['double']}|{either['surnames']})"
    han = r"[\u4e00-\u9fff]"
    full = f"(?:{family}{han}{{1,2}}?|{han}{{1,6}}·{han}{{1,8}}){_AFTER}"
    forms = (
        (f"(?:{either['introductions']})", full),
        (rf"(?:{either['labels']})(?:\s*[：:是叫]\s*|\s+)", full),
        ("我是|这里是", f"{family}(?:{either['titles']})"),
        ("我姓", family),
    )
    return tuple(re.compile(f"({before}){name}") for before, name in forms)
