"""Publishing: one atomic rename, comments kept, protected data left behind; hashes see content and nothing else."""

from datetime import date

import duckdb
import pandas as pd
import pytest

from dagster_pipeline.hashing import combined_hash, content_hashes, table_hash
from dagster_pipeline.home import Home, HomeError
from dagster_pipeline.publication import prune_old_nights, publish
from dagster_pipeline.tables import create_declared_tables


@pytest.fixture
def con(tmp_path):
    with duckdb.connect(str(tmp_path / "working.duckdb")) as connection:
        connection.execute("set TimeZone = 'UTC'")
        create_declared_tables(connection)
        connection.execute("create table marts.numbers (number integer, run_id varchar)")
        connection.execute("comment on column marts.numbers.number is 'A ''quoted'' number'")
        connection.execute("insert into marts.numbers values (1, 'r1'), (2, 'r1')")
        connection.execute("create view marts.doubled as select number * 2 as twice from marts.numbers")
        yield connection


def test_the_published_file_holds_tables_views_and_comments_but_no_protected_data(con, tmp_path):
    target = tmp_path / "warehouse.duckdb"
    publish(con, target)
    with duckdb.connect(str(target), read_only=True) as published:
        assert published.execute("select sum(twice) from marts.doubled").fetchone() == (6,)
        assert published.execute(
            "select comment from duckdb_columns() where table_name = 'numbers' and column_name = 'number'"
        ).fetchone() == ("A 'quoted' number",)
        assert published.execute(
            "select count(*) from duckdb_tables() where table_name = 'customers_protected'"
        ).fetchone() == (0,)


def test_a_reader_of_the_old_file_keeps_it_while_a_new_one_replaces_it(con, tmp_path):
    target = tmp_path / "warehouse.duckdb"
    publish(con, target)
    with target.open("rb") as reader:
        before = reader.read()
        con.execute("insert into marts.numbers values (3, 'r2')")
        publish(con, target)
        reader.seek(0)
        assert reader.read() == before
    assert target.read_bytes() != before


def test_a_view_made_with_full_names_reads_the_published_tables(con, tmp_path):
    con.execute("create view marts.bound as select number from working.marts.numbers")
    publish(con, tmp_path / "warehouse.duckdb")
    con.execute("insert into marts.numbers values (3, 'r2')")
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as elsewhere:
        elsewhere.execute(f"attach '{tmp_path / 'warehouse.duckdb'}' as published (read_only)")
        assert elsewhere.execute("select count(*) from published.marts.bound").fetchone() == (2,)


def test_a_copy_that_fails_leaves_the_old_file(con, tmp_path):
    target = tmp_path / "warehouse.duckdb"
    publish(con, target)
    before = target.read_bytes()
    con.execute("create view marts.broken as select number from marts.numbers")
    con.execute("alter table marts.numbers rename number to renamed")
    with pytest.raises(duckdb.Error):
        publish(con, target)
    assert target.read_bytes() == before


def test_hashes_ignore_order_and_volatile_columns_and_see_every_value(con):
    first = table_hash(con, "marts.numbers")
    con.execute(
        "create or replace table marts.numbers as select * from (values (2, 'r9'), (1, 'r8')) t(number, run_id)"
    )
    assert table_hash(con, "marts.numbers") == first
    con.execute("insert into marts.numbers values (1, 'r8')")
    assert table_hash(con, "marts.numbers") != first


def test_combined_hash_leaves_out_what_it_is_told(con):
    hashes = content_hashes(con)
    changed = {**hashes, "marts.numbers": "other"}
    assert combined_hash(hashes) != combined_hash(changed)
    assert combined_hash(hashes, ("marts.numbers",)) == combined_hash(changed, ("marts.numbers",))


def test_pruning_keeps_the_newest_nights_and_customers_with_a_send(con):
    con.execute("create schema intermediate")
    for table in ("intermediate.int_customers__scored_features", "marts.fct_offer_candidates"):
        con.execute(f"create table {table} (customer_id varchar, as_of_date date)")
    nights = [date(2026, 1, day) for day in range(1, 5)]
    frame = pd.DataFrame(
        [
            {"customer_id": customer, "as_of_date": night, "outcome": "send" if customer == "sent" else "hold"}
            for night in nights
            for customer in ("sent", "held")
        ]
    )
    con.register("frame", frame)
    con.execute(
        "create table marts.fct_offer_decisions as "
        "select customer_id, as_of_date::date as as_of_date, outcome from frame"
    )
    con.execute("insert into marts.fct_offer_candidates select customer_id, as_of_date from marts.fct_offer_decisions")
    assert prune_old_nights(con, nights=2) == 2
    kept = con.execute("select customer_id, as_of_date from marts.fct_offer_candidates order by 2, 1").fetchall()
    assert kept == [("sent", nights[0]), ("sent", nights[1])] + [
        (customer, night) for night in nights[2:] for customer in ("held", "sent")
    ]


def test_a_home_holds_one_bank(tmp_path):
    home = Home(tmp_path / "home")
    with pytest.raises(HomeError, match="make run"):
        home.source_folder()
    home.remember_source(tmp_path / "bank")
    home.remember_source(tmp_path / "bank")
    with pytest.raises(HomeError, match="WORDBOND_HOME"):
        home.remember_source(tmp_path / "other")
