"""What a simulated bank's folder says about itself (``truth/``), loaded as declared; real data has none.

What belongs here: the schema truth. Rows are replaced by key, so that loading a night again changes nothing.
"""

import glob
import json
from pathlib import Path

import duckdb

from dagster_pipeline.loading.errors import InputError
from dagster_pipeline.loading.parsing import quote_text
from dagster_pipeline.loading.reader import check_inside, unreadable
from dagster_pipeline.tables import Table, declared_tables


def load_truth(con: duckdb.DuckDBPyConnection, folder: Path, root: Path) -> list[str]:
    """Load ``folder/truth/*.parquet`` into the truth tables of the same names; return the names loaded.

    Raises
    ------
    InputError
        If a file is unreadable or lacks a declared column.
    """
    base = folder / "truth"
    if not base.is_dir():
        return []
    check_inside(base, root)
    loaded = []
    for table in declared_tables().values():
        path = base / f"{table.name}.parquet"
        if table.schema != "truth" or not path.exists():
            continue
        check_inside(path, root)
        source = f"read_parquet({quote_text(glob.escape(str(path)))})"
        _replace_by_key(con, table, source, path.relative_to(root).as_posix())
        loaded.append(table.name)
    if "world" not in loaded and (base / "world.json").exists():
        check_inside(base / "world.json", root)
        _load_world(con, base / "world.json")
    return loaded


def _replace_by_key(con: duckdb.DuckDBPyConnection, table: Table, source: str, source_file: str) -> None:
    names = [column.name for column in table.columns]
    casts = ", ".join(f"cast({column.name} as {column.data_type}) as {column.name}" for column in table.columns)
    try:
        found = [row[0] for row in con.execute(f"describe select * from {source}").fetchall()]
        missing = sorted(set(names) - set(found))
        if missing:
            raise InputError(f"{source_file} lacks {', '.join(missing)}; found {', '.join(found)}. Write it again.")
        con.execute(f"create or replace temp table stage_truth as select {casts} from {source}")
    except duckdb.Error as error:
        raise unreadable(source_file, error) from error
    key = ", ".join(table.key)
    con.execute(f"delete from {table.full_name} where ({key}) in (select ({key}) from stage_truth)")
    con.execute(f"insert into {table.full_name} select * from stage_truth")


def _load_world(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Load the one row of truth.world from ``world.json``: at least its seed."""
    try:
        world = json.loads(path.read_text(encoding="utf-8"))
        row = [
            int(world["seed"] if "seed" in world else world["world_seed"]),
            world.get("customers"),
            json.dumps(world),
        ]
        con.execute("create or replace temp table stage_world as select * from truth.world limit 0")
        con.execute("insert into stage_world values (?, ?, ?)", row)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, duckdb.Error) as error:
        reason = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        raise InputError(f"truth/{path.name} holds no seed ({reason}); write the world again.") from error
    con.execute("delete from truth.world where world_seed in (select world_seed from stage_world)")
    con.execute("insert into truth.world select * from stage_world")
