"""Frames for learning: what one stage reads from the working file, ready for ``ml``.

What belongs here: queries and their types. Every frame comes ordered by customer_id, as_of_date, because
samples are drawn by position; as_of_date is ISO text, so that frames of any source join.
"""

from collections.abc import Sequence
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from ml.decision_frame import Sequences
from ml.feature_sets import KEY_COLUMNS, NESTED_COLUMNS, check_columns
from ml.sequences import SIGNALS, sequence_array
from ml.training import LABELLED_SPLITS

FEATURES = "intermediate.int_customers__features"
SEQUENCES = "intermediate.int_customers__sequences"
_CAST_ONLY = frozenset({*KEY_COLUMNS, *NESTED_COLUMNS})


def snapshots(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return every snapshot: as_of_date, split and is_split_by_customer."""
    return con.execute(
        "select cast(as_of_date as varchar) as as_of_date, split, is_split_by_customer "
        "from intermediate.int_calendar__snapshots order by 1"
    ).df()


def labelled_dates(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the snapshots of the three labelled splits."""
    known = snapshots(con)
    return known.loc[known["split"].isin(LABELLED_SPLITS), "as_of_date"].tolist()


def _dates_condition(dates: Sequence[str | date]) -> tuple[str, list]:
    return "list_contains(?, cast(as_of_date as varchar))", [[str(day) for day in dates]]


def features(con: duckdb.DuckDBPyConnection, dates: Sequence[str | date]) -> pd.DataFrame:
    """Return the features of some snapshots, numbers as 32-bit floats.

    Raises
    ------
    UnlistedColumnError
        If the table holds a column that is on no allow-list; it is not even read.
    """
    columns = con.execute(f"select * from {FEATURES} limit 0").df().columns.tolist()
    check_columns(columns)
    shown = [
        "cast(as_of_date as varchar) as as_of_date"
        if name == "as_of_date"
        else name
        if name in _CAST_ONLY
        else f"cast({name} as float) as {name}"
        for name in columns
    ]
    condition, parameters = _dates_condition(dates)
    return con.execute(
        f"select {', '.join(shown)} from {FEATURES} where {condition} order by customer_id, as_of_date", parameters
    ).df()


def sequences(con: duckdb.DuckDBPyConnection, dates: Sequence[str | date]) -> Sequences:
    """Return the weekly signals of some snapshots as one array."""
    condition, parameters = _dates_condition(dates)
    lists = ", ".join(f"cast({name} as float[]) as {name}" for name in SIGNALS)
    table = con.sql(
        f"select customer_id, cast(as_of_date as varchar) as as_of_date, observed_weeks, {lists} "
        f"from {SEQUENCES} where {condition} order by customer_id, as_of_date",
        params=parameters,
    ).to_arrow_table()
    keys = table.select(["customer_id", "as_of_date"]).to_pandas()
    weeks = table.column("observed_weeks").to_numpy().astype(np.int64)
    return Sequences(keys, sequence_array(table), weeks)


def labels(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the observed targets of every labelled spine row."""
    return con.execute(
        "select customer_id, cast(as_of_date as varchar) as as_of_date, product, channel, send_slot, intensity "
        "from intermediate.int_customers__labels order by customer_id, as_of_date"
    ).df()


def outcomes(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the contacts of the labelled splits with what came of them."""
    return con.execute(
        "select contact_id, customer_id, cast(as_of_date as varchar) as as_of_date, product_id, family, channel, "
        "send_slot, intensity, arm, answered, split from intermediate.int_contacts__outcomes "
        "where list_contains(?, split) order by contact_id",
        [list(LABELLED_SPLITS)],
    ).df()


def products(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return every product version known tonight."""
    return con.execute(
        "select product_id, family, channels, is_live from intermediate.int_products__as_known "
        "order by product_id, valid_from"
    ).df()


def observable_ceiling(con: duckdb.DuckDBPyConnection, target: str) -> float | None:
    """Return the log loss of the ideal observer of the observable history, if the bank is simulated and it is known."""
    row = con.execute(
        "select value from truth.ceilings where target = ? and metric = 'log_loss' and observer = 'observable'",
        [target],
    ).fetchone()
    return row[0] if row else None


def world_seed(con: duckdb.DuckDBPyConnection) -> int:
    """Return the seed of the simulated world, -1 for a real bank."""
    row = con.execute("select min(world_seed) from truth.world").fetchone()
    return row[0] if row and row[0] is not None else -1
