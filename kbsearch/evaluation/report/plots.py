"""Plots as inline SVG: text is set by the browser, colours follow the page's light or dark mode."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from kbsearch.evaluation.history import Entry
from kbsearch.evaluation.reliability import CoveragePoint, ReliabilityBin
from kbsearch.evaluation.report.targets import TARGETS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

# Colours that stand for the page's own.
_INK, _SERIES, _QUIET = "#000000", "#010101", "#020202"
_COLOURS = {_INK: "currentColor", _SERIES: "var(--series)", _QUIET: "var(--quiet)"}
_SIZE = (5.0, 3.3)  # inches; 360 points wide, so that letters keep their size on a phone
_DATES = 5  # written below the trend
_BARS = 24
_BEYOND = 1.25  # how far the latencies' axis goes on behind p99
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "kbsearch",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": _QUIET,
    "axes.edgecolor": _QUIET,
    "xtick.color": _QUIET,
    "ytick.color": _QUIET,
    "font.size": 11,
}
_X, _Y = "[x]", "[y]"  # stand for the labels, for which Matplotlib has no Chinese characters
_HASH_ID = r"[mp][0-9a-f]{10}"


def trend(entries: Sequence[Entry], label: str, x: str, y: str) -> str:
    """hit@1 of each run with its interval, oldest first, and the targets."""
    figures = [entry.measures["hit@1"] for entry in entries]
    places = range(len(entries))

    def draw(axes: "Axes") -> None:
        lows = [each.value - each.low for each in figures]
        highs = [each.high - each.value for each in figures]
        values = [each.value for each in figures]
        axes.errorbar(places, values, yerr=[lows, highs], color=_SERIES, marker="o", capsize=3)
        for target in TARGETS:
            axes.axhline(target, color=_QUIET, linewidth=0.8, linestyle="--")
        step = -(-len(entries) // _DATES)
        axes.set_xticks(
            [*places][::step], labels=[entry.created_at[5:10] for entry in entries[::step]]
        )
        axes.set_ylim(top=1.005)
        _percent(axes.yaxis)

    return _svg("trend", label, x, y, draw)


def coverage(points: Sequence[CoveragePoint], label: str, x: str, y: str) -> str:
    """Precision against coverage, and the targets."""

    def draw(axes: "Axes") -> None:
        axes.plot(
            [point.coverage for point in points],
            [point.precision for point in points],
            color=_SERIES,
            marker="o",
            markersize=2.5,
        )
        for target in TARGETS:
            axes.axhline(target, color=_QUIET, linewidth=0.8, linestyle="--")
        axes.set_xlim(0, 1.02)
        axes.set_ylim(top=1.02)
        _percent(axes.xaxis, axes.yaxis)

    return _svg("coverage", label, x, y, draw)


def reliability(bins: Sequence[ReliabilityBin], label: str, x: str, y: str) -> str:
    """Share right against confidence; on the diagonal confidence means what it says."""
    filled = [each for each in bins if each.count]

    def draw(axes: "Axes") -> None:
        axes.bar(
            [each.low for each in filled],
            [each.right for each in filled],
            width=[each.high - each.low for each in filled],
            align="edge",
            color=_SERIES,
            alpha=0.25,
            edgecolor=_SERIES,
        )
        axes.plot(
            [each.confidence for each in filled],
            [each.right for each in filled],
            color=_SERIES,
            marker="o",
            linestyle="none",
        )
        axes.plot([0, 1], [0, 1], color=_QUIET, linewidth=0.8, linestyle="--")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        _percent(axes.xaxis, axes.yaxis)

    return _svg("reliability", label, x, y, draw)


def latency(
    milliseconds: Sequence[float], percentiles: Mapping[str, float], label: str, x: str, y: str
) -> str:
    """How many searches took how long; lines at the percentiles, the slowest in the last bar."""
    longest = max(_BEYOND * max(percentiles.values()), 1e-3)

    def draw(axes: "Axes") -> None:
        shown = [min(each, longest) for each in milliseconds]
        axes.hist(shown, bins=_BARS, range=(0, longest), color=_SERIES, alpha=0.4)
        for row, (name, value) in enumerate(percentiles.items()):
            axes.axvline(value, color=_INK, linewidth=0.8)
            axes.annotate(
                name,
                (value, 0.98 - 0.08 * row),
                xycoords=axes.get_xaxis_transform(),
                xytext=(4, 0),
                textcoords="offset points",
                va="top",
                color=_INK,
            )
        axes.set_xlim(0, longest)
        axes.locator_params(axis="y", integer=True)

    return _svg("latency", label, x, y, draw)


def _percent(*scales: "Axis") -> None:
    for scale in scales:
        scale.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")


def _svg(name: str, label: str, x: str, y: str, draw: Callable[["Axes"], None]) -> str:
    """What `draw` draws, as an element to stand in a page; `label` is for screen readers."""
    import matplotlib.style
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        draw(axes)
        axes.set_xlabel(_X)
        axes.set_ylabel(_Y)
        drawn = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(drawn, format="svg", transparent=True, metadata=nothing)
    return _inline(drawn.getvalue(), name, label, {_X: x, _Y: y})


def _inline(svg: str, name: str, label: str, labels: Mapping[str, str]) -> str:
    """An SVG file as an element: no addresses, sizes, fonts or ids but those that are used."""
    body = svg[svg.index(">", svg.index("<svg")) + 1 :]
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(rf' id="(?!{_HASH_ID}")[^"]*"', "", body).replace("xlink:href", "href")
    body = re.sub(rf'(id="|href="#|url\(#)({_HASH_ID})', rf"\1{name}-\2", body)
    for drawn, meant in _COLOURS.items():
        body = body.replace(drawn, meant)
    for placeholder, text in labels.items():
        body = body.replace(placeholder, escape(text))
    width, height = (round(72 * side, 1) for side in _SIZE)
    opening = f'<svg class="plot" viewBox="0 0 {width} {height}" role="img"'
    return f'{opening} aria-label="{escape(label)}">' + re.sub(r"\s*\n\s*", " ", body).strip()
