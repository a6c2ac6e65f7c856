"""The report: one self-contained HTML file that tells a stranger whether the target is met.

Takes an evaluation, and the history if there is one; gives HTML. `page` fills the template
`report.html` (with `report.css` and `report.js`, both inlined), `targets` says what is missing for
a target, `misses` lays out each miss, `plots` draws. `recommending` does the same for a
recommendation evaluation, in the same look; `template` serves both. It measures nothing.
"""

from kbsearch.evaluation.report.page import render
from kbsearch.evaluation.report.recommending import render_recommendations

__all__ = ["render", "render_recommendations"]
