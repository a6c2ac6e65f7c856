"""How cost grows with size: exponents by least squares on logarithms, and the plots."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.scale.results import Results, Size

CURVES: Mapping[str, Callable[[Size], float]] = {
    "search p50 (ms)": lambda size: size.own.search.p50,
    "build (s)": lambda size: size.build.seconds,
    "memory of a searching process (MB)": lambda size: size.serving.peak_mb,
    "index (MB)": lambda size: size.build.index_mb,
}
"""What is plotted against the number of questions."""


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The b of cost = a·size^b that fits best in logarithms; 1 is linear, 0 is constant.

    >>> round(exponent([1, 10, 100], [2, 20, 200]), 6)
    1.0
    """
    slope, _ = np.polyfit(np.log(sizes), np.log(costs), 1)
    return float(slope)


def plot(results: Results, folder: Path) -> None:
    """Writes growth.svg, and peers.svg with the time of each peer against that of kbsearch."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "kbsearch", "svg.fonttype": "none", "font.size": 9})
    folder.mkdir(parents=True, exist_ok=True)
    if len(results.sizes) > 1:
        _plot_growth(results, folder / "growth.svg")
    if any(peer.ratio for size in results.sizes for peer in size.peers):
        _plot_peers(results, folder / "peers.svg")


def _plot_growth(results: Results, path: Path) -> None:
    import matplotlib.pyplot as plt

    questions = [size.questions for size in results.sizes]
    figure, panels = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
    for panel, (name, curve) in zip(panels.flat, CURVES.items(), strict=True):
        costs = [curve(size) for size in results.sizes]
        panel.loglog(questions, costs, "o-")
        panel.set_title(f"{name}: questions^{exponent(questions, costs):.2f}")
        panel.set_xlabel("questions")
        panel.set_ylim(min(costs) / 2, max(costs) * 2)
        panel.grid(visible=True, which="both", alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _plot_peers(results: Results, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, panel = plt.subplots(figsize=(8, 4.5), layout="constrained")
    names = list(dict.fromkeys(peer.name for size in results.sizes for peer in size.peers))
    height = 0.8 / len(results.sizes)
    for number, size in enumerate(results.sizes):
        ratios = {peer.name: peer.ratio for peer in size.peers if peer.ratio}
        places = [names.index(name) + number * height for name in ratios]
        lengths = [ratio - 1 for ratio in ratios.values()]
        panel.barh(places, lengths, height, left=1, label=f"{size.articles:,} articles")
    panel.set_yticks([place + 0.4 - height / 2 for place in range(len(names))], names)
    panel.invert_yaxis()
    panel.set_xscale("log")
    panel.axvline(1, color="black", linewidth=1)
    panel.set_xlabel("median time of a search against kbsearch; right of 1: kbsearch is faster")
    panel.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
