"""The report: one self-contained HTML file that tells a stranger whether the target is met.

Takes an evaluation, and the history if there is one; gives HTML. `page` fills the template
`report.html` (with `report.css` and `report.js`, both inlined), `targets` says what is missing for
a target, `misses` lays out each miss, `plots` draws. It measures nothing.
"""

from kbsearch.evaluation.report.page import render

__all__ = ["render"]
