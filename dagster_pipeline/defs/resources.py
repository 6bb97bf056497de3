"""Resources that assets share: the warehouse connection and dbt.

What belongs here: how a connection is opened, and nothing about what is read or written through it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb

from dagster_pipeline.home import Home
from dagster_pipeline.settings import SETTINGS


class Warehouse(dg.ConfigurableResource):
    """The working file of one home; the only place that opens connections to it.

    DuckDB has one writer and dbt runs as its own process, so no connection outlives its ``with`` block.
    """

    root: str

    @property
    def home(self) -> Home:
        """Paths of the home."""
        return Home(Path(self.root))

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the working file for writing, in UTC, with no extension download."""
        self.home.root.mkdir(parents=True, exist_ok=True)
        con = duckdb.connect(
            str(self.home.working_file),
            config={
                "autoinstall_known_extensions": "false",
                "memory_limit": f"{SETTINGS.duckdb_memory_gb}GB",
            },
        )
        try:
            con.execute("set TimeZone = 'UTC'")
            yield con
        finally:
            con.close()


def partition_date(context: dg.AssetExecutionContext) -> date:
    """Return the night that runs, the only clock of logic."""
    return date.fromisoformat(context.partition_key)
