"""The commands behind the Makefile.

What belongs here: arguments, and which function answers them. Each command's work lives elsewhere.
"""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from dagster_pipeline.home import PROJECT_ROOT, Home, HomeError
from dagster_pipeline.nightly import NightFailed, bind_environment, run_night, say, simulate_world

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

World = Annotated[str, typer.Option(help="Preset of the simulated bank: tiny, default or large.")]


def _home(world: str) -> Home:
    """Return the home: WORDBOND_HOME, else data/tiny for the tiny world, else data/."""
    if world != "default" and not os.environ.get("WORDBOND_HOME"):
        return Home(PROJECT_ROOT / "data" / world)
    return Home.from_environment()


def _fail(message: str) -> typer.Exit:
    say(f"error: {message}")
    return typer.Exit(1)


@app.command()
def run(input_folder: Annotated[Path | None, typer.Option("--input")] = None, world: World = "default") -> None:
    """Run the whole line on a simulated bank or on your folder, and print what it says."""
    from dagster_pipeline.loading.load import InputError, default_as_of_date
    from dagster_pipeline.report import print_report

    home = _home(world)
    folder = input_folder or home.world_dir
    try:
        home.refuse_other_source(folder)
        if input_folder is None and not folder.exists():
            say(f"Simulating the bank ({world}) into {folder}")
            simulate_world(folder, world)
        night = default_as_of_date(folder)
        home.remember_source(folder)
        say(f"Running the night {night} of {folder}")
        run_night(home, night)
    except (HomeError, InputError, NightFailed) as error:
        raise _fail(str(error)) from error
    print_report(home)


@app.command()
def check(input_folder: Annotated[Path, typer.Option("--input")]) -> None:
    """Read a folder as its nights would, print what is right and wrong with it, and write nothing."""
    from dagster_pipeline.loading.dry_run import check_folder
    from dagster_pipeline.loading.errors import InputError

    try:
        verdict = check_folder(input_folder)
    except InputError as error:
        raise _fail(str(error)) from error
    print(verdict.text())
    raise typer.Exit(0 if verdict.is_loadable else 1)


@app.command()
def world(out: Annotated[Path, typer.Argument()], world: World = "default") -> None:
    """Write the simulated bank as files in the input contract."""
    if out.exists():
        raise _fail(f"{out} exists already; name a folder that does not, so that nothing is overwritten.")
    simulate_world(out, world)
    print(out)


@app.command()
def night(night_date: Annotated[str, typer.Option("--date")], world: World = "default") -> None:
    """Run one night on a home that has been loaded before."""
    _run_nights(_home(world), [date.fromisoformat(night_date)])


@app.command()
def backfill(
    first: Annotated[str, typer.Option("--from")],
    last: Annotated[str, typer.Option("--to")],
    world: World = "default",
) -> None:
    """Run many nights in order."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    _run_nights(_home(world), [start + timedelta(days=day) for day in range((end - start).days + 1)])


def _run_nights(home: Home, nights: list[date]) -> None:
    from dagster_pipeline.report import print_night

    for night_date in nights:
        say(f"Running the night {night_date}")
        try:
            home.source_folder()
            run_night(home, night_date)
        except (HomeError, NightFailed) as error:
            raise _fail(str(error)) from error
        print_night(home, night_date)


@app.command()
def ui(world: World = "default", port: int = 3000) -> None:
    """Open Dagster's UI on 127.0.0.1."""
    home = _home(world)
    bind_environment(home)
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "-m", "dagster_pipeline.definitions"]
    raise typer.Exit(subprocess.call([*command, "-h", "127.0.0.1", "-p", str(port)], cwd=PROJECT_ROOT))  # noqa: S603


@app.command()
def sql(query: Annotated[str, typer.Argument()] = "", world: World = "default") -> None:
    """Answer one query from the published warehouse, read-only; without one, read queries line by line."""
    with _published(_home(world)) as con:
        for statement in [query] if query else sys.stdin:
            if statement.strip():
                _answer(con, statement)


@app.command()
def message(message_id: Annotated[str, typer.Argument()], world: World = "default") -> None:
    """Write the evidence page of one message as a self-contained HTML file."""
    from dagster_pipeline.evidence import UnknownMessage, write_evidence_page

    home = _home(world)
    with _published(home) as con:
        try:
            print(write_evidence_page(con, message_id, home.root / "evidence"))
        except UnknownMessage as error:
            raise _fail(str(error)) from error


@app.command()
def templates(template: Annotated[str, typer.Option()] = "", world: World = "default") -> None:
    """List the templates in use and those that wait for a person; with a template, that one in full."""
    from dagster_pipeline.template_review import Review
    from rag.approvals import ApprovalError, read_all

    home = _home(world)
    with _published(home) as con:
        try:
            review = Review(con, read_all(home.approvals_file))
            print(review.detail(review.find(template)) if template else review.overview())
        except ApprovalError as error:
            raise _fail(str(error)) from error


@app.command()
def decide(
    status: Annotated[str, typer.Argument(help="approved or rejected")],
    template: Annotated[str, typer.Option()],
    by: Annotated[str, typer.Option()],
    note: Annotated[str, typer.Option()] = "",
    world: World = "default",
) -> None:
    """Put a person's decision about a template on record; it counts from the next night on."""
    from dagster_pipeline.template_review import Review
    from rag.approvals import ApprovalError, append_decision, read_all

    home = _home(world)
    with _published(home) as con:
        try:
            review = Review(con, read_all(home.approvals_file))
            decision = review.decision(template, status, by, note, datetime.now(UTC))
            before = append_decision(home.approvals_file, decision)
        except ApprovalError as error:
            raise _fail(str(error)) from error
    overruled = f", overruling {before.approver} ({before.status} {before.decided_at:%Y-%m-%d})" if before else ""
    print(f"Template {decision.template_id}: {status} by {decision.approver}{overruled}.")
    print(f"It counts from the night after {decision.after_night} on. On record in {home.approvals_file}")


def _published(home: Home) -> duckdb.DuckDBPyConnection:
    if not home.published_file.exists():
        raise _fail(f"{home.published_file} does not exist yet. Run `make run` first.")
    con = duckdb.connect(str(home.published_file), read_only=True)
    con.execute("set TimeZone = 'UTC'")
    return con


def _answer(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    try:
        relation = con.sql(statement)
    except duckdb.Error as error:
        raise _fail(str(error)) from error
    if relation is not None:
        relation.show(max_width=160, max_rows=60)


if __name__ == "__main__":
    app()
