"""Declared tables: created with comments, replaced by partition in one transaction."""

from datetime import date

import duckdb
import pandas as pd
import pytest

from dagster_pipeline.tables import create_declared_tables, declared_tables, replace_partition

NIGHT = date(2025, 12, 31)


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        create_declared_tables(connection)
        yield connection


def segments(customers: list[str], night: date = NIGHT) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": customers,
            "as_of_date": night,
            "segment": 1,
            "segment_name": "savers",
            "method": "hdbscan",
            "membership_probability": 0.5,
            "model_version": "v1",
        }
    )


def test_every_declared_column_has_a_comment_and_creation_repeats(con):
    create_declared_tables(con)
    missing = con.execute("select count(*) from duckdb_columns() where not internal and comment is null").fetchone()
    assert missing == (0,)
    assert con.execute("select count(*) from duckdb_tables()").fetchone() == (len(declared_tables()),)


def test_a_partition_is_replaced_and_the_others_stay(con):
    other = date(2026, 1, 1)
    replace_partition(con, "ml.customer_segments", segments(["a", "b"]), {"as_of_date": NIGHT})
    replace_partition(con, "ml.customer_segments", segments(["a"], other), {"as_of_date": other})
    replace_partition(con, "ml.customer_segments", segments(["c"]), {"as_of_date": NIGHT})
    rows = con.execute("select customer_id, as_of_date from ml.customer_segments order by all").fetchall()
    assert rows == [("a", other), ("c", NIGHT)]


def test_a_value_that_does_not_fit_leaves_the_partition_as_it_was(con):
    replace_partition(con, "ml.customer_segments", segments(["a"]), {"as_of_date": NIGHT})
    wrong = segments(["b"]).astype({"segment": object})
    wrong.loc[0, "segment"] = "seven"
    with pytest.raises(duckdb.ConversionException):
        replace_partition(con, "ml.customer_segments", wrong, {"as_of_date": NIGHT})
    assert con.execute("select customer_id from ml.customer_segments").fetchall() == [("a",)]


def test_undeclared_columns_and_repeated_keys_are_refused(con):
    with pytest.raises(ValueError, match="expected"):
        replace_partition(con, "ml.customer_segments", segments(["a"]).assign(age=40), {"as_of_date": NIGHT})
    with pytest.raises(ValueError, match="repeat the key"):
        replace_partition(con, "ml.customer_segments", segments(["a", "a"]), {"as_of_date": NIGHT})
