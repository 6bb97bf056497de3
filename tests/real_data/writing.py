"""What every adapter shares: its command line, and CSV files written from DuckDB queries."""

import argparse
from collections.abc import Callable
from pathlib import Path

import duckdb


def write_csv(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the rows of ``query`` as CSV with a header and return how many there are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"copy ({query}) to '{path}' (format csv, header)")
    row = con.execute(f"select count(*) from ({query})").fetchone()
    return int(row[0]) if row else 0


def write_products(rows: list[dict[str, str]], path: Path) -> None:
    """Write products with the columns they name; the others stay empty."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(columns), *(",".join(row.get(column, "") for column in columns) for row in rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_remarks(remarks: list[str], out: Path) -> None:
    """Write what the folder says of itself: the run's output repeats it."""
    (out / "remarks.txt").write_text("\n".join(remarks) + "\n", encoding="utf-8")


def main(description: str | None, adapt: Callable[[Path, Path], list[str]]) -> None:
    """Run an adapter as ``python -m tests.real_data.<set> SOURCE OUT`` and print its stand-ins."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("source", type=Path, help="folder of the data set")
    parser.add_argument("out", type=Path, help="folder to write in the input contract")
    arguments = parser.parse_args()
    if arguments.out.exists():
        parser.error(f"{arguments.out} exists already; name a folder that does not")
    try:
        notes = adapt(arguments.source, arguments.out)
    except FileNotFoundError as error:
        parser.error(str(error))
    for note in notes:
        print(f"stand-in: {note}")
