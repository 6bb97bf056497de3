"""Nights of the simulated bank through the door: nothing doubled, late responses are corrections, old nights stay."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.loading.dry_run import check_folder
from dagster_pipeline.loading.load import default_as_of_date, load_night
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
        path = next((folder / "nights" / str(night)).glob(f"{name}.*"))
        expected = fetch(con, f"select count(*) from '{path}'")
        assert fetch(con, f"select count(*) from raw.{name} where loaded_as_of_date = '{night}'") == expected
    assert fetch(con, f"select {KEYS[name]}, loaded_as_of_date from raw.{name} group by all having count(*) > 1") == []
    assert fetch(con, "select count(*) from raw.rejects where loaded_as_of_date > '2025-11-30'") == [(0,)]


@pytest.mark.parametrize("name", ["transactions", "events", "consents"])
def test_what_happened_once_stands_once(loaded: tuple[duckdb.DuckDBPyConnection, dict], name: str) -> None:
    con, _ = loaded
    assert fetch(con, f"select {KEYS[name]} from raw.{name} group by all having count(*) > 1") == []


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
        (second / name).mkdir()
        shutil.copy(first / f"{name}.parquet", second / name / "again.parquet")
        shutil.move(second / f"{name}.parquet", second / name / "new.parquet")
    with connect() as con:
        for night in [HISTORY_END, *NIGHTS[:2]]:
            report = load_night(con, world, night)
        assert_identity(con)
        again = sum(count.rows_read for count in report.files if count.file.endswith("again.parquet"))
        assert again > 200
        assert report.rejects_by_rule == {"duplicate_row": again}
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
