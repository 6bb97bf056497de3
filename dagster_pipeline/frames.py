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
LEARNING_ROWS = "learning_rows"
_CAST_ONLY = frozenset({*KEY_COLUMNS, *NESTED_COLUMNS})


def snapshots(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return every snapshot: as_of_date, split, is_split_by_customer, and whether it looks back a week."""
    return con.execute(
        "select cast(as_of_date as varchar) as as_of_date, split, is_split_by_customer, "
        "coalesce(history_from <= as_of_date - 6, false) as looks_back_a_week "
        "from intermediate.int_calendar__snapshots order by 1"
    ).df()


def latest_night(con: duckdb.DuckDBPyConnection, tonight: date) -> date:
    """Return the latest night in the file, at least tonight: an old night that runs again is not it."""
    return con.execute("select greatest(max(as_of_date), ?) from ml.customer_intents", [tonight]).fetchall()[0][0]


def choose_learning_rows(con: duckdb.DuckDBPyConnection, max_rows: int) -> list[str]:
    """Choose the labelled spine rows of this connection that models are trained and tested on.

    Where there are more than ``max_rows``, customers are drawn by a hash of their id and keep all their rows. Rows
    that a contact followed stay in any case, without a next product unless their customer was drawn: the answers are
    few, and models of answers look at nothing else.

    Returns
    -------
    list of str
        A remark where not all rows are learnt from.
    """
    con.execute(
        f"""
        create or replace temp table {LEARNING_ROWS} as
        with labelled as (
            select customer_id, as_of_date, count(*) over () as labelled_count from intermediate.int_customers__labels
        ),
        drawn as (
            select *, md5_number_lower('learning|' || customer_id) % 1000000
                < 1000000 * cast($max_rows as bigint) // labelled_count as is_drawn
            from labelled
        )
        select customer_id, as_of_date, is_drawn from drawn
        where is_drawn or (customer_id, as_of_date) in (
            select (customer_id, as_of_date) from intermediate.int_contacts__outcomes
        )
        """,
        {"max_rows": max_rows},
    )
    labelled = con.execute("select count(*) from intermediate.int_customers__labels").fetchall()[0][0]
    drawn = con.execute(f"select count(*) from {LEARNING_ROWS} where is_drawn").fetchall()[0][0]
    if drawn == labelled:
        return []
    return [
        f"Learnt from {drawn:,} of {labelled:,} labelled rows, those of customers drawn by a hash: more than "
        f"{max_rows:,} take more memory than a night has. Answers to contacts are learnt from all."
    ]


def _rows_of(table: str, dates: Sequence[str | date] | None) -> tuple[str, list]:
    """Return a from clause and its parameters: the rows of some snapshots, or those chosen to learn from."""
    if dates is None:
        return f"{table} semi join {LEARNING_ROWS} using (customer_id, as_of_date)", []
    return f"{table} where list_contains(?, cast(as_of_date as varchar))", [[str(day) for day in dates]]


def features(con: duckdb.DuckDBPyConnection, dates: Sequence[str | date] | None = None) -> pd.DataFrame:
    """Return the features of some snapshots, or of the rows to learn from, numbers as 32-bit floats.

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
    rows, parameters = _rows_of(FEATURES, dates)
    return con.execute(f"select {', '.join(shown)} from {rows} order by customer_id, as_of_date", parameters).df()


def sequences(con: duckdb.DuckDBPyConnection, dates: Sequence[str | date] | None = None) -> Sequences:
    """Return the weekly signals of some snapshots, or of the rows to learn from, as one array."""
    rows, parameters = _rows_of(SEQUENCES, dates)
    lists = ", ".join(f"cast({name} as float[]) as {name}" for name in SIGNALS)
    table = con.sql(
        f"select customer_id, cast(as_of_date as varchar) as as_of_date, observed_weeks, {lists} "
        f"from {rows} order by customer_id, as_of_date",
        params=parameters,
    ).to_arrow_table()
    keys = table.select(["customer_id", "as_of_date"]).to_pandas()
    weeks = table.column("observed_weeks").to_numpy().astype(np.int64)
    return Sequences(keys, sequence_array(table), weeks)


def labels(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the observed targets of the rows to learn from; the next product of drawn customers only."""
    return con.execute(
        "select customer_id, cast(as_of_date as varchar) as as_of_date, if(is_drawn, product, null) as product, "
        f"channel, send_slot, intensity from intermediate.int_customers__labels inner join {LEARNING_ROWS} "
        "using (customer_id, as_of_date) order by customer_id, as_of_date"
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


def observer_losses(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return what the ideal observer lost on each customer and target; no rows for a real bank."""
    return con.execute(
        "select target, customer_id, log_loss, label_count from truth.observer_losses order by target, customer_id"
    ).df()


def world_seed(con: duckdb.DuckDBPyConnection) -> int:
    """Return the seed of the simulated world, -1 for a real bank."""
    row = con.execute("select min(world_seed) from truth.world").fetchone()
    return row[0] if row and row[0] is not None else -1
