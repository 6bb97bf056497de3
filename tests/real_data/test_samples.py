"""UCI, Berka and Hillstrom through their adapters and the door: rows, dates, what is protected, what is said."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from dagster_pipeline.loading.load import load_night
from tests.real_data import berka, hillstrom, uci
from tests.real_data.sources import real_data
from tests.unit.loading_bank import assert_identity, connect, fetch


def load(con: duckdb.DuckDBPyConnection, adapt: Callable, data: Path, folder: Path, night: date) -> list[str]:
    stand_ins = adapt(data, folder)
    notes = load_night(con, folder, night).notes
    assert [note for note in notes if note.startswith("The folder says: ")] == [
        f"The folder says: {stand_in}" for stand_in in stand_ins
    ]
    assert fetch(con, "select count(*) from raw.rejects") == [(0,)]
    assert_identity(con)
    return notes


def test_uci_calls_are_in_time_order_and_the_duration_stays_out(tmp_path: Path) -> None:
    with connect() as con:
        notes = load(con, uci.adapt, real_data("uci_bank_marketing"), tmp_path / "bank", date(2010, 11, 17))
        assert fetch(con, "select count(*), min(sent_at), count(*) filter (where response = 'converted') "
                     "from raw.contacts") == [(45_211, datetime(2008, 5, 5, 12, tzinfo=UTC), 5_289)]  # fmt: skip
        # The adapter's keys are row numbers: later rows are never earlier calls than the month before theirs.
        assert fetch(con, "select count(*) from (select date_trunc('month', sent_at) as month, lag(month) over "
                     "(order by contact_id) as before from raw.contacts) where month < before") == [(0,)]  # fmt: skip
        assert fetch(con, "select channel, count(*) from raw.contacts group by all order by 1") == [
            ("mail", 15_926),
            ("sms", 29_285),
        ]
        keys = fetch(con, "select distinct unnest(json_keys(attributes)) from raw.customers order by 1")
        assert {key for (key,) in keys} == {
            "balance", "campaign", "default", "education", "housing", "job", "loan", "pdays", "poutcome", "previous",
        }  # fmt: skip
        protected = fetch(con, "select distinct unnest(json_keys(attributes)) from raw.customers_protected order by 1")
        assert protected == [("age",), ("marital_status",)]
    assert any(note.startswith("No consents: ") for note in notes)
    assert any("cellular -> sms, telephone and unknown -> mail" in note for note in notes)


def test_uci_days_that_are_missing_are_spread_evenly_within_their_month(tmp_path: Path) -> None:
    uci.adapt(real_data("uci_bank_marketing/bank_additional_full.parquet"), tmp_path / "bank")
    with connect() as con:
        days = fetch(
            con,
            f"select day(sent_at), count(*) from '{tmp_path}/bank/contacts.csv' where sent_at < '2008-06-01' "
            "group by all order by 1",
        )
    assert [day for day, _ in days] == list(range(1, 32))
    assert max(count for _, count in days) - min(count for _, count in days) <= 1


def test_berka_lives_in_the_nineties(tmp_path: Path) -> None:
    with connect() as con:
        notes = load(con, berka.adapt, real_data("berka_partial"), tmp_path / "bank", date(1998, 12, 5))
        assert fetch(con, "select count(*), min(joined_on), max(joined_on) from raw.customers") == [
            (4_500, date(1993, 1, 1), date(1997, 12, 29))
        ]
        assert fetch(con, "select count(*), min(cast(posted_at as date)) from raw.transactions") == [
            (79_302, date(1993, 1, 1))
        ]
        # Most balances are the one before plus the amount; the others follow rows that this part of the set lacks, or
        # stand among several of a day in another order.
        follows = """select count(*) filter (balance_usd = before + amount) / count(*), count(*) from (
            select *, lag(balance_usd) over (partition by customer_id order by posted_at) as before
            from raw.transactions
        ) where before is not null"""
        ((share, rows),) = fetch(con, follows)
        assert rows > 77_000
        assert share > 0.87
        assert fetch(con, "select count(balance_usd) from raw.transactions") == [(79_302,)]
        held = fetch(con, "select product_id, count(*) from raw.holdings group by all order by 1")
        assert held == [
            ("card_classic", 659),
            ("card_gold", 88),
            ("card_junior", 145),
            ("current_account", 4_500),
            ("loan", 682),
        ]
        # 706213 is a woman's birth number: months of women are raised by 50.
        born = "select p.birth_date, p.attributes ->> 'sex' from raw.customers_protected as p where customer_id = "
        assert fetch(con, f"{born} 'b00001'") == [(date(1970, 12, 13), "female")]
        assert fetch(con, "select distinct unnest(json_keys(attributes)) from raw.customers") == [
            ("statement_frequency",)
        ]
    assert any(note.startswith("No contacts: ") for note in notes)


def test_hillstrom_is_one_wave_with_a_control_group(tmp_path: Path) -> None:
    with connect() as con:
        load(con, hillstrom.adapt, real_data("hillstrom"), tmp_path / "bank", date(2008, 4, 3))
        # 0 = no visit; a treated visit is clicked or converted, a control one came about unprompted.
        arms = fetch(con, "select arm, product_id, response, count(*) from raw.contacts group by all order by 1, 2, 3")
        assert arms == [
            ("control", None, "converted", 2_262),
            ("control", None, "none", 19_044),
            ("treatment", "mens_email", "clicked", 3_627),
            ("treatment", "mens_email", "converted", 267),
            ("treatment", "mens_email", "none", 17_413),
            ("treatment", "womens_email", "clicked", 3_049),
            ("treatment", "womens_email", "converted", 189),
            ("treatment", "womens_email", "none", 18_149),
        ]
        keys = fetch(con, "select distinct unnest(json_keys(attributes)) as key from raw.customers order by key")
        assert not any("zip" in key for (key,) in keys)
