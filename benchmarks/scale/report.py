"""The results as Markdown tables."""

from collections.abc import Iterator

from benchmarks.scale.growth import CURVES, exponent
from benchmarks.scale.results import PeerResult, Results, Size, Timing

_PEER_HEAD = (
    "side",
    "times kbsearch",
    "p50 / p95 / p99, ms",
    "kbsearch beside it, p50",
    "hit@1; found again",
    "kbsearch on these",
    "a second, 1 / 2 threads",
    "build, s",
    "MB",
)


def tables(results: Results) -> str:
    """One table of kbsearch over all sizes, one of peers for each size, one of growth."""
    parts = [_own(results)]
    parts += [_peers(size) for size in results.sizes if size.peers]
    if len(results.sizes) > 1:
        parts.append(_growth(results))
    return "\n\n".join(parts)


def _own(results: Results) -> str:
    columns = [dict(_figures(size)) for size in results.sizes]
    head = ["", *(f"{size.articles:,} articles" for size in results.sizes)]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]] if columns else []
    return _table(head, rows)


def _figures(size: Size) -> Iterator[tuple[str, str]]:
    serving, own, limits = size.serving, size.own, size.limits
    yield "questions", f"{size.questions:,}"
    yield "build", f"{size.build.seconds:.1f} s, {size.build.peak_mb:,.0f} MB"
    yield "index", f"{size.build.index_mb:,.1f} MB"
    yield "open, cold / cached", f"{serving.open_cold_s:.2f} / {serving.open_s:.2f} s"
    yield "first search", f"{serving.first_search_ms:.0f} ms"
    yield "a searching process, of it private", _pair(serving.peak_mb, serving.private_mb)
    yield "`kbsearch search` as a process", f"{serving.command_s:.2f} s"
    for count in (1, 100):
        found = [each for each in size.updates if each.articles == count]
        visible = f"{found[0].visible_s:.2f} s" if found else "not run"
        yield f"update of {count} visible in another process", visible
    yield "`search`, p50 / p95 / p99", f"{_percentiles(own.search)} ms"
    yield "`rank`, p50 / p95 / p99", f"{_percentiles(own.rank)} ms"
    yield "searches a second, 1 / 2 threads", f"{own.per_second:,.0f} / {own.per_second_2:,.0f}"
    yield "searches a second in `search_many`", f"{own.per_second_many:,.0f}"
    yield "hit@1 among the distractors; found again", _hit(own.search)
    yield (
        "limit: scan over the vectors",
        f"{limits.scan_ms:.2f} ms, {limits.scan_gb_per_s:.1f} GB/s",
    )
    yield "limit: bare faiss, flat", f"{limits.flat_ms:.2f} ms"
    graph = "not run" if limits.graph_ms is None else f"{limits.graph_ms:.2f} ms"
    yield "limit: bare faiss, HNSW16", graph
    yield "limit: analysing and encoding", f"{limits.reading_ms:.2f} ms"
    yield "limit: a call with an empty text", f"{limits.empty_ms:.3f} ms"


def _peers(size: Size) -> str:
    rows = [_peer(peer) for peer in size.peers]
    return f"{size.articles:,} articles:\n\n{_table(_PEER_HEAD, rows)}"


def _peer(peer: PeerResult) -> list[str]:
    if not (peer.timing and peer.ours):
        return [peer.name, f"not run: {peer.not_run}", *[""] * (len(_PEER_HEAD) - 2)]
    return [
        peer.name,
        f"{peer.ratio:.2f}",
        _percentiles(peer.timing),
        f"{peer.ours.p50:.2f}",
        _hit(peer.timing),
        _hit(peer.ours),
        f"{peer.per_second:,.0f} / {peer.per_second_2:,.0f}",
        f"{peer.build_s:.1f}",
        f"{peer.memory_mb:,.0f}",
    ]


def _growth(results: Results) -> str:
    questions = [size.questions for size in results.sizes]
    rows = [
        [name, f"questions^{exponent(questions, [curve(size) for size in results.sizes]):.2f}"]
        for name, curve in CURVES.items()
    ]
    return _table(["cost", "grows as"], rows)


def _percentiles(timing: Timing) -> str:
    return f"{timing.p50:.2f} / {timing.p95:.2f} / {timing.p99:.2f}"


def _pair(first_mb: float, second_mb: float) -> str:
    return f"{first_mb:,.0f} MB, {second_mb:,.0f} MB"


def _hit(timing: Timing) -> str:
    shares = [timing.hit_at_1, timing.found_again]
    return "; ".join("–" if share is None else f"{100 * share:.1f} %" for share in shares)


def _table(head: "list[str] | tuple[str, ...]", rows: list[list[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
