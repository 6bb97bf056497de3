"""Frames of learning: which rows are learnt from where there are more than memory holds."""

from collections.abc import Iterator

import duckdb
import pytest

from dagster_pipeline import frames

MONTHS = ("2025-07-31", "2025-08-31", "2025-09-30")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """1,000 customers of three labelled months; c0 to c9 got a contact after the first, which c0 answered."""
    with duckdb.connect() as opened:
        opened.execute("create schema intermediate")
        opened.execute(
            """
            create table intermediate.int_customers__labels as
            select
                'c' || customer as customer_id, month as as_of_date, 'card' as product,
                if(customer = 0 and month = date '2025-07-31', 'email', null) as channel,
                cast(null as integer) as send_slot, cast(null as varchar) as intensity
            from range(1000) as customers(customer)
            cross join (select unnest($months::date[]) as month)
            """,
            {"months": list(MONTHS)},
        )
        opened.execute(
            "create table intermediate.int_contacts__outcomes as "
            "select 'c' || range as customer_id, date '2025-07-31' as as_of_date from range(10)"
        )
        yield opened


def test_all_rows_are_learnt_from_while_they_fit(con: duckdb.DuckDBPyConnection) -> None:
    assert frames.choose_learning_rows(con, 3000) == []
    labels = frames.labels(con)
    assert len(labels) == 3000
    assert (labels["product"] == "card").all()


def test_drawn_customers_keep_all_their_rows_and_contacts_stay(con: duckdb.DuckDBPyConnection) -> None:
    (remark,) = frames.choose_learning_rows(con, 600)
    labels = frames.labels(con)
    drawn = labels[labels["product"].notna()]

    assert remark.startswith(f"Learnt from {len(drawn):,} of 3,000 labelled rows")
    assert 500 <= len(drawn) <= 700  # a fifth of 1,000 customers; the hash is the same in every run
    assert set(drawn.groupby("customer_id").size()) == {3}
    others = labels[labels["product"].isna()]
    contacted = {f"c{number}" for number in range(10)}
    assert set(others["customer_id"]) == contacted - set(drawn["customer_id"])
    assert set(others["as_of_date"]) == {"2025-07-31"}
    assert labels.loc[labels["customer_id"] == "c0", "channel"].dropna().tolist() == ["email"]
