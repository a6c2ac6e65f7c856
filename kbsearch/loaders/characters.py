"""Characters that no article should hold: invisible ones that come along with pasted text."""

import re

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Controls but tab and line ends, the separators U+2028 and U+2029, byte order marks within the
text, noncharacters. None prints; some break YAML, XML and terminals."""

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character, as ``"\\ud83d"`` in JSON; it cannot be written as UTF-8."""

_LINE_ENDS = frozenset("\x0b\x0c\x85\u2028\u2029")  # what word processors end a line with


def without_controls(text: str) -> str:
    r"""`text` with line ends for its odd line ends, and without its other control characters.

    >>> without_controls("step 1\x0bstep\x07 2")
    'step 1\nstep 2'
    """
    return CONTROL.sub(lambda found: "\n" if found[0] in _LINE_ENDS else "", text)


def code_point(sign: str) -> str:
    r"""The character as a name that prints.

    >>> code_point("\x0b")
    'U+000B'
    """
    return f"U+{ord(sign):04X}"
