"""Nights of the simulated bank through the door: nothing doubled, every planted defect caught, old nights stay."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.loading.dry_run import check_folder
from dagster_pipeline.loading.load import default_as_of_date, load_night
from dagster_pipeline.loading.planted import planted_and_caught
from ml.simulator.config import WorldConfig
from ml.simulator.world import write_night, write_world
from tests.unit.loading_bank import assert_identity, connect, fetch, snapshot

HISTORY_END = date(2025, 11, 30)
NIGHTS = [HISTORY_END + timedelta(days=day) for day in (1, 2, 3)]
KEYS = {
    "transactions": "transaction_id",
    "events": "event_id",
    "consents": "customer_id, channel, purpose, changed_at",
    "holdings": "customer_id, product_id, opened_on",
    "contacts": "contact_id",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world whose first three nights after the history bring contacts and late responses."""
    world = tmp_path_factory.mktemp("nights") / "world"
    write_world(
        world, WorldConfig(customers=240, history_start=date(2025, 10, 1), history_end=HISTORY_END, dirt_share=0.005)
    )
    for night in NIGHTS:
        write_night(world, night)
    return world


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[date, dict[str, list[tuple]]]]]:
    """A warehouse with the history and the nights, and its content after each load."""
    with connect() as con:
        states = {}
        for night in [default_as_of_date(folder), *NIGHTS]:
            load_night(con, folder, night)
            assert_identity(con)
            states[night] = snapshot(con)
        yield con, states


def test_the_first_night_is_the_end_of_the_history(folder: Path) -> None:
    assert default_as_of_date(folder) == HISTORY_END


@pytest.mark.parametrize("name", KEYS)
def test_each_night_adds_exactly_its_own_rows(
    loaded: tuple[duckdb.DuckDBPyConnection, dict], folder: Path, name: str
) -> None:
    con, _ = loaded
    for night in NIGHTS:
        base = folder / "nights" / str(night)
        path = base / f"{name}.csv" if (base / f"{name}.csv").exists() else base / name / "part-000.parquet"
        expected = fetch(con, f"select count(*) from '{path}'")
        own = f"loaded_as_of_date = '{night}' and source_file not like '%/zz-dirt.csv'"
        assert fetch(con, f"select count(*) from raw.{name} where {own}") == expected
    assert fetch(con, f"select {KEYS[name]}, loaded_as_of_date from raw.{name} group by all having count(*) > 1") == []


@pytest.mark.parametrize("name", ["transactions", "events", "consents"])
def test_what_happened_once_stands_once(loaded: tuple[duckdb.DuckDBPyConnection, dict], name: str) -> None:
    con, _ = loaded
    corrections = fetch(
        con, f"select count(*) from truth.planted_defects where kind = 'correction' and file like '%/{name}/%'"
    )
    assert fetch(con, f"select count(*) from (select 1 from raw.{name} group by {KEYS[name]} having count(*) > 1)") == (
        corrections
    )


def test_every_planted_defect_of_history_and_nights_is_caught(
    loaded: tuple[duckdb.DuckDBPyConnection, dict],
) -> None:
    con, _ = loaded
    counts = planted_and_caught(con)
    assert {kind for kind, _, _ in counts} == {
        "bad_encoding", "conflicting_key", "correction", "duplicate_row", "impossible_date", "late_arrival",
        "malformed_row", "malformed_value", "missing_value", "unknown_code", "unknown_customer",
    }  # fmt: skip
    assert all(caught == planted for _, planted, caught in counts)
    assert sum(planted for _, planted, _ in counts) == fetch(con, "select count(*) from truth.planted_defects")[0][0]
    by_night = [planted_and_caught(con, night) for night in [HISTORY_END, *NIGHTS]]
    assert "late_arrival" not in dict((kind, planted) for kind, planted, _ in by_night[0])
    assert all(dict((kind, planted) for kind, planted, _ in night)["late_arrival"] > 0 for night in by_night[1:])
    rejected = sum(n for kind, n, _ in counts if kind not in ("late_arrival", "correction"))
    assert fetch(con, "select count(*) from raw.rejects") == [(rejected,)]


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("bad_encoding", "delete from raw.rejects where rule = 'bad_encoding'"),
        ("duplicate_row", "update raw.rejects set rule = 'conflicting_key' where rule = 'duplicate_row'"),
        ("late_arrival", "update raw.transactions set loaded_as_of_date = '{before}' where {late}"),
        ("late_arrival", "insert into raw.transactions select * replace ('{before}' as loaded_as_of_date) "
         "from raw.transactions where {late}"),
        ("correction", "delete from raw.transactions where source_file like 'transactions/part-%'"),
    ],
)  # fmt: skip
def test_a_defect_that_is_not_caught_is_told(
    loaded: tuple[duckdb.DuckDBPyConnection, dict], kind: str, spoil: str
) -> None:
    con, _ = loaded
    con.execute("begin transaction")
    try:
        con.execute(spoil.format(before=HISTORY_END, late="ends_with(transaction_id, 'L')"))
        counts = {kind: (planted, caught) for kind, planted, caught in planted_and_caught(con)}
    finally:
        con.execute("rollback")
    assert counts[kind][1] < counts[kind][0]


def test_late_arrivals_and_corrections_count_from_their_own_night(
    loaded: tuple[duckdb.DuckDBPyConnection, dict],
) -> None:
    con, _ = loaded
    came = fetch(
        con,
        """select planted.kind, loaded_as_of_date, cast(posted_at at time zone 'America/New_York' as date),
            transaction_id, amount
        from truth.planted_defects as planted inner join raw.transactions as came
            on came.source_file = planted.file and came.source_row_number = planted.row_number
        where planted.kind in ('late_arrival', 'correction')""",
    )

    def known(transaction_id: str, night: date) -> list[tuple]:
        """Return the amount known on a night, as the warehouse picks versions."""
        return fetch(
            con,
            f"select amount from raw.transactions where transaction_id = '{transaction_id}' "
            f"and loaded_as_of_date <= '{night}' order by loaded_as_of_date desc limit 1",
        )

    assert {kind for kind, *_ in came} == {"late_arrival", "correction"}
    for kind, night, day, transaction_id, amount in came:
        assert 1 <= (night - day).days <= 5
        before = known(transaction_id, night - timedelta(days=1))
        assert before == ([] if kind == "late_arrival" else [(amount + 1,)])
        assert known(transaction_id, night) == [(amount,)]


def test_late_responses_are_corrections_known_from_their_night_on(
    loaded: tuple[duckdb.DuckDBPyConnection, dict],
) -> None:
    con, _ = loaded
    versions = fetch(
        con,
        """
        select
            contact_id, list(loaded_as_of_date order by loaded_as_of_date),
            list(response order by loaded_as_of_date), list(responded_at order by loaded_as_of_date),
            count(distinct (customer_id, sent_at, product_id, channel, send_slot, intensity, arm, action_probability))
        from raw.contacts group by contact_id having count(*) > 1
        """,
    )
    assert len([nights for _, nights, *_ in versions if nights[0] == HISTORY_END]) >= 3
    for _, nights, responses, instants, actions in versions:
        assert actions == 1
        assert len(set(zip(responses, instants, strict=True))) == len(nights)
        assert responses[-1] != "none"
    # An answer counts from the night it came in, not before.
    assert fetch(
        con,
        "select count(*) from raw.contacts where responded_at is not null and loaded_as_of_date > '2025-11-30' "
        "and cast(responded_at at time zone 'America/New_York' as date) <> loaded_as_of_date",
    ) == [(0,)]


def test_an_old_night_run_again_gives_its_old_result(
    loaded: tuple[duckdb.DuckDBPyConnection, dict], folder: Path
) -> None:
    con, states = loaded
    last = states[NIGHTS[-1]]
    for night in [NIGHTS[0], HISTORY_END, NIGHTS[2], NIGHTS[1]]:
        load_night(con, folder, night)
        assert snapshot(con) == last
    for night, state in states.items():
        for name in KEYS:
            known = fetch(
                con,
                f"select cast(stored as varchar) from raw.{name} as stored where loaded_as_of_date <= '{night}' "
                "order by 1",
            )
            assert known == state[f"raw.{name}"]


def test_rows_delivered_again_on_a_later_night_are_not_doubled(
    loaded: tuple[duckdb.DuckDBPyConnection, dict], folder: Path, tmp_path: Path
) -> None:
    usual, _ = loaded
    world = tmp_path / "world"
    shutil.copytree(folder, world)
    first, second = (world / "nights" / str(night) for night in NIGHTS[:2])
    for name in ("transactions", "contacts"):
        shutil.copy(first / name / "part-000.parquet", second / name / "again.parquet")
    with connect() as con:
        for night in [HISTORY_END, *NIGHTS[:2]]:
            report = load_night(con, world, night)
        assert_identity(con)
        again = sum(count.rows_read for count in report.files if count.file.endswith("again.parquet"))
        assert again > 200
        planted = {kind: count for kind, count, _ in report.planted}
        assert report.rejects_by_rule["duplicate_row"] == again + planted.get("duplicate_row", 0)
        for name in ("transactions", "contacts"):
            query = (
                f"select * exclude (source_file) from raw.{name} where loaded_as_of_date <= '{NIGHTS[1]}' order by all"
            )
            assert fetch(con, query) == fetch(usual, query)


def test_a_dry_run_agrees(folder: Path) -> None:
    verdict = check_folder(folder)
    assert verdict.is_loadable
    assert [night.night for night in verdict.nights] == [HISTORY_END, *NIGHTS]
    assert (
        verdict.text()
        .splitlines()[-1]
        .startswith("Verdict: LOADABLE. The first night would be 2025-11-30, 3 later nights follow;")
    )
    planted = [remark for remark in verdict.nights[0].remarks if remark.startswith("A simulated bank")]
    counts = [pair.split(" of ") for pair in planted[0].rstrip(".").split(": ")[1].split(", ")]
    assert all(caught.split()[-1] == total for caught, total in counts)
