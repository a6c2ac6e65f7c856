"""Commands of knowledge editors: check, build, look, roll back, tidy up."""

from pathlib import Path
from typing import Annotated

import typer

from kbsearch import messages
from kbsearch.cli.console import Console
from kbsearch.cli.options import Shared
from kbsearch.errors import Problem, Severity, SnapshotError, SnapshotNotFoundError


def register(app: typer.Typer, console: Console) -> None:
    """Adds the commands to `app`."""
    shared = Shared(console)
    _register_validate(app, console, shared)
    _register_build(app, console, shared)
    _register_template(app, console)
    _register_info(app, console, shared)
    _register_verify(app, console, shared)
    _register_snapshots(app, console, shared)
    _register_rollback(app, console, shared)
    _register_gc(app, console, shared)


def _register_validate(app: typer.Typer, console: Console, shared: Shared) -> None:
    @app.command(help=console.text("validate.help"))
    def validate(
        sources: Annotated[list[Path], shared.sources],
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.indexer.given import source_problems
        from kbsearch.loaders.source import read_source

        source = read_source(sources)
        problems = source_problems(source, sources)
        errors = [p for p in problems if p.severity is Severity.ERROR]
        warnings = len(problems) - len(errors)
        if as_json:
            console.json(
                {
                    "passed": not errors,
                    "articles": len(source.articles),
                    "errors": len(errors),
                    "warnings": warnings,
                    "problems": [_problem_document(console, p) for p in problems],
                }
            )
        else:
            _print_problems(console, problems)
            key = "validate.failed" if errors else "validate.passed"
            console.say(key, errors=len(errors), warnings=warnings, articles=len(source.articles))
        raise typer.Exit(1 if errors else 0)


def _register_build(app: typer.Typer, console: Console, shared: Shared) -> None:
    model_option = typer.Option("--model", help=console.text("build.model"))
    settings_option = typer.Option("--settings", help=console.text("build.settings"))
    adapt_option = typer.Option("--adapt/--no-adapt", help=console.text("build.adapt"))
    skip_option = typer.Option("--skip-invalid", help=console.text("build.skip_invalid"))

    @app.command(help=console.text("build.help"))
    def build(
        sources: Annotated[list[Path], shared.sources],
        index: Annotated[Path, shared.index],
        settings_file: Annotated[Path | None, settings_option] = None,
        model: Annotated[str | None, model_option] = None,
        adapt: Annotated[bool | None, adapt_option] = None,
        skip_invalid: Annotated[bool, skip_option] = False,
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.index.snapshot import SnapshotStore
        from kbsearch.indexer import builder
        from kbsearch.settings import Settings

        settings = Settings.read(settings_file) if settings_file else None
        changes = {"model": model, "adapt": adapt}
        changes = {name: value for name, value in changes.items() if value is not None}
        if changes:
            base = settings or builder.published_settings(SnapshotStore(index))
            vectors = base.vectors.model_copy(update=changes)
            settings = base.model_copy(update={"vectors": vectors})
        with console.progress() as progress:
            report = builder.build(
                sources, index, settings=settings, skip_invalid=skip_invalid, progress=progress
            )
        if as_json:
            problems = [_problem_document(console, p) for p in report.problems]
            fields = {name: getattr(report, name) for name in report.__slots__}
            console.json({**fields, "problems": problems})
            return
        errors = [p for p in report.problems if p.severity is Severity.ERROR]
        if errors:
            console.say("build.skipped", count=len(errors))
        _print_problems(console, report.problems)
        if report.skipped:
            console.say("build.left_out", count=len(report.skipped), ids=", ".join(report.skipped))
        if report.outdated:
            console.say("build.outdated", ids=", ".join(report.outdated))
        if report.held_back:
            counts = ", ".join(f"{name} {count}" for name, count in report.held_back.items())
            console.say("build.held_back", counts=counts)
        console.say(
            "build.done",
            snapshot=report.snapshot_id,
            articles=report.articles,
            added=report.added,
            changed=report.changed,
            deleted=report.deleted,
            unchanged=report.unchanged,
            seconds=report.seconds,
        )


def _register_template(app: typer.Typer, console: Console) -> None:
    argument = typer.Argument(help=console.text("template.argument"), metavar="FILE.xlsx")

    @app.command(help=console.text("template.help"))
    def template(path: Annotated[Path, argument]) -> None:
        from kbsearch.loaders.tabular import write_template

        if path.suffix.lower() != ".xlsx":
            raise ValueError(console.text("template.suffix", path=path))
        if path.exists():
            raise ValueError(console.text("template.exists", path=path))
        write_template(path)
        console.say("template.done", path=path)


def _register_info(app: typer.Typer, console: Console, shared: Shared) -> None:
    @app.command(help=console.text("info.help"))
    def info(
        index: Annotated[Path, shared.index], as_json: Annotated[bool, shared.json] = False
    ) -> None:
        from kbsearch.index.snapshot import SnapshotStore

        manifest = SnapshotStore(index).manifest()
        if as_json:
            console.json(manifest)
            return
        encoder = manifest.contents.encoder
        console.say(
            "info.text",
            snapshot=manifest.snapshot_id,
            created=manifest.created_at.isoformat(),
            model=encoder.model,
            dim=encoder.dim,
            adapted_to=encoder.adapted_to,
            **manifest.contents.counts,
        )


def _register_verify(app: typer.Typer, console: Console, shared: Shared) -> None:
    sample_option = typer.Option("--sample", help=console.text("verify.sample"), min=1)

    @app.command(help=console.text("verify.help"))
    def verify(
        index: Annotated[Path, shared.index],
        sample: Annotated[int, sample_option] = 50,
        as_json: Annotated[bool, shared.json] = False,
    ) -> None:
        from kbsearch.index.local import LocalIndex
        from kbsearch.index.snapshot import SnapshotStore
        from kbsearch.verification import verify as check

        opened = LocalIndex.open(SnapshotStore(index))
        with console.progress() as progress:
            found = check(opened, sample=sample, progress=progress)
        if as_json:
            fields = {name: getattr(found, name) for name in found.__slots__}
            console.json({"passed": found.passed, **fields})
        elif found.passed:
            console.say(
                "verify.passed",
                files=found.files,
                queries=found.queries,
                difference=found.worst_difference,
                vectors=found.vectors,
            )
        else:
            queries, articles = ", ".join(found.wrong_queries), ", ".join(found.wrong_articles)
            parts = ", ".join(found.wrong_parts)
            console.say(
                "verify.failed",
                queries=queries or "—",
                articles=articles or "—",
                parts=parts or "—",
            )
        raise typer.Exit(0 if found.passed else 1)


def _register_snapshots(app: typer.Typer, console: Console, shared: Shared) -> None:
    @app.command(help=console.text("snapshots.help"))
    def snapshots(
        index: Annotated[Path, shared.index], as_json: Annotated[bool, shared.json] = False
    ) -> None:
        from kbsearch.index.snapshot import SnapshotStore

        store = SnapshotStore(index)
        current = store.current_id()
        if current is None:
            raise SnapshotNotFoundError("nothing_published", {"path": index})
        listed, damaged = [], []
        for snapshot_id in store.ids():
            try:
                listed.append(store.manifest(snapshot_id))
            except SnapshotError:
                damaged.append(snapshot_id)
        if as_json:
            console.json(
                [
                    {
                        "snapshot_id": manifest.snapshot_id,
                        "created_at": manifest.created_at.isoformat(),
                        "published": manifest.snapshot_id == current,
                        "counts": dict(manifest.contents.counts),
                    }
                    for manifest in listed
                ]
                + [
                    {"snapshot_id": name, "published": name == current, "damaged": True}
                    for name in damaged
                ]
            )
            return
        for name in damaged:
            mark = "*" if name == current else " "
            console.say("snapshots.damaged", mark=mark, snapshot=name)
        for manifest in listed:
            console.say(
                "snapshots.row",
                mark="*" if manifest.snapshot_id == current else " ",
                snapshot=manifest.snapshot_id,
                created=manifest.created_at.isoformat(),
                articles=manifest.contents.counts["articles"],
            )


def _register_rollback(app: typer.Typer, console: Console, shared: Shared) -> None:
    argument = typer.Argument(help=console.text("rollback.argument"), metavar="[SNAPSHOT]")

    @app.command(help=console.text("rollback.help"))
    def rollback(
        index: Annotated[Path, shared.index],
        snapshot_id: Annotated[str | None, argument] = None,
    ) -> None:
        from kbsearch.index.snapshot import SnapshotStore

        manifest = SnapshotStore(index).rollback(snapshot_id)
        console.say("rollback.done", snapshot=manifest.snapshot_id)


def _register_gc(app: typer.Typer, console: Console, shared: Shared) -> None:
    keep_option = typer.Option("--keep", help=console.text("gc.keep"), min=0)

    @app.command(help=console.text("gc.help"))
    def gc(index: Annotated[Path, shared.index], keep: Annotated[int, keep_option] = 3) -> None:
        from kbsearch.index.snapshot import SnapshotStore

        deleted = SnapshotStore(index).gc(keep)
        console.say("gc.done", count=len(deleted), ids=", ".join(deleted) or "—")


def _print_problems(console: Console, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        severity = messages.text(f"severity.{problem.severity}", console.lang, {})
        console.line(f"{problem.location}: {severity}: {problem.text(console.lang)}")


def _problem_document(console: Console, problem: Problem) -> dict[str, object]:
    """A problem as JSON, with its text in the console's language."""
    return {
        "severity": problem.severity,
        "code": problem.code,
        "path": problem.path,
        "line": problem.line,
        "field": problem.field,
        "value": problem.value,
        "article_id": problem.article_id,
        "message": problem.text(console.lang),
    }
