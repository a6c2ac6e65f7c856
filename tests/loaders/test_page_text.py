"""HTML tags to Markdown."""

from kbsearch.loaders.page_text import PageText


def markdown(*steps):
    """The text of steps such as "<p>", "text", "</p>"."""
    page = PageText()
    for step in steps:
        if step.startswith("</"):
            page.close(step[2:-1])
        elif step.startswith("<"):
            page.open(step[1:-1])
        else:
            page.write(step)
    return page.markdown()


def test_nothing_gives_nothing():
    """No steps: an empty text."""
    assert markdown() == ""


def test_tags_that_do_not_fit_cost_no_text():
    """Ends without beginnings, cells without rows and open tags at the end keep every word."""
    assert markdown("</li>", "</tr>", "</td>", "</ul>", "</pre>", "甲") == "甲"
    assert markdown("<td>", "甲", "</td>", "乙") == "甲\n\n乙"
    assert markdown("<li>", "甲", "<ul>", "<li>", "乙") == "- 甲\n  - 乙"


def test_blanks_collapse_outside_preformatted_text():
    """Runs of blanks and line ends are one blank; within `pre` they stay."""
    assert markdown("<p>", " 甲 \n\t乙 ", "</p>") == "甲 乙"
    assert markdown("<pre>", "a\n  b", "</pre>") == "```\na\n  b\n```"
