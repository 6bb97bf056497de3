"""A written world: the same customer in any world, every defect listed, every row possible, rates as stated."""

import hashlib
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from dagster_pipeline.loading.load import load_night
from dagster_pipeline.tables import create_declared_tables
from ml.simulator.catalogue import load_catalogue
from ml.simulator.config import WorldConfig, preset_config
from ml.simulator.vocabulary import CHANNELS, PRODUCTS
from ml.simulator.world import write_world
from tests.unit.simulated_rows import FILES, KEYS, first_customers, read_rows, read_truth

COUNT = 400
TIMES = ("posted_at", "occurred_at", "sent_at", "responded_at", "changed_at")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "one"
    write_world(folder, WorldConfig(customers=COUNT, dirt_share=0.005))
    return folder


@pytest.fixture(scope="module")
def rows(world) -> dict[str, pd.DataFrame]:
    return {name: read_rows(world, name) for name in FILES}


def hash_folder(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(world, tmp_path):
    write_world(tmp_path / "again", WorldConfig(customers=COUNT, dirt_share=0.005))
    write_world(tmp_path / "other", WorldConfig(customers=COUNT, dirt_share=0.005, seed=8))
    first, again, other = (hash_folder(one) for one in (world, tmp_path / "again", tmp_path / "other"))
    assert again == first
    assert other["transactions/part-000.parquet"] != first["transactions/part-000.parquet"]


def test_a_customer_is_the_same_in_any_world_size_and_chunk_size(world, rows, tmp_path):
    write_world(tmp_path / "larger", WorldConfig(customers=2 * COUNT, chunk_customers=130))
    for name in FILES:
        found = first_customers(read_rows(tmp_path / "larger", name), COUNT)
        pd.testing.assert_frame_equal(found, rows[name])
    for name in ("customers", "customer_months", "response_probabilities"):
        found = first_customers(read_truth(tmp_path / "larger", name), COUNT)
        pd.testing.assert_frame_equal(found, read_truth(world, name))


def test_planted_defects_are_those_in_the_files_and_the_door_catches_each(world):
    planted = read_truth(world, "planted_defects")
    for file, listed in planted.groupby("file"):
        lines = (world / file).read_bytes().splitlines()
        assert sorted(listed["row_number"]) == list(range(1, len(lines)))
    assert {path.relative_to(world).as_posix() for path in world.rglob("zz-dirt.csv")} == set(planted["file"])
    assert len(set(planted["kind"])) == 9
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        create_declared_tables(con)
        report = load_night(con, world, date(2025, 12, 31))
        loaded = con.execute("select count(*) from raw.customers").fetchone()
    assert loaded == (COUNT,)
    assert dict((kind, caught) for kind, _, caught in report.planted) == planted["kind"].value_counts().to_dict()
    assert report.rows_rejected == len(planted)


def test_dirt_is_planted_at_its_known_rate(world, rows):
    planted = read_truth(world, "planted_defects")
    for name, share in (("transactions", 0.005), ("events", 0.005), ("contacts", 0.02)):
        expected = len(rows[name]) * share
        found = planted["file"].str.startswith(name).sum()
        assert abs(found - expected) < 4 * np.sqrt(expected)


def test_dirt_leaves_the_good_rows_as_they_are(rows, tmp_path):
    write_world(tmp_path / "clean", WorldConfig(customers=COUNT, dirt_share=0))
    assert not list((tmp_path / "clean").rglob("zz-dirt.csv"))
    for name in ("transactions", "events", "contacts"):
        pd.testing.assert_frame_equal(read_rows(tmp_path / "clean", name), rows[name])


def test_keys_are_unique_and_every_row_has_a_customer(rows):
    known = set(rows["customers"]["customer_id"])
    assert len(known) == COUNT
    for name, frame in rows.items():
        assert not frame.duplicated(KEYS[name]).any()
        assert set(frame["customer_id"]) <= known


def test_everything_lies_in_the_history_by_the_days_of_the_bank(rows):
    for name, column in (("transactions", "posted_at"), ("events", "occurred_at"), ("contacts", "sent_at")):
        local = rows[name][column].dt.tz_convert("America/New_York")
        assert local.min() >= pd.Timestamp("2025-07-01", tz="America/New_York")
        assert local.max() < pd.Timestamp("2026-01-01", tz="America/New_York")
    assert rows["contacts"]["responded_at"].max() < pd.Timestamp("2026-01-01", tz="America/New_York")
    assert pd.to_datetime(rows["customers"]["joined_on"]).max() < pd.Timestamp("2025-07-01")
    assert (rows["holdings"]["opened_on"] <= pd.Timestamp("2025-12-31")).all()


def test_customers_join_as_adults_and_households_share_a_state(rows):
    customers = rows["customers"]
    years = (pd.to_datetime(customers["joined_on"]) - pd.to_datetime(customers["birth_date"])).dt.days / 365.25
    assert years.min() >= 16.9
    by_household = customers.groupby("household_id")[["state", "timezone"]].nunique()
    assert by_household.max().tolist() == [1, 1]
    assert customers.groupby("household_id").size().max() == 4


def state_at(rows: dict[str, pd.DataFrame], contact: pd.Series) -> tuple[set[str], set[str]]:
    """Return (products held when the contact's month began, channels consented to just before it)."""
    of_customer = {name: frame[frame["customer_id"] == contact["customer_id"]] for name, frame in rows.items()}
    month = contact["sent_at"].tz_convert("America/New_York").strftime("%Y-%m-01")
    holdings = of_customer["holdings"]
    held = holdings[(holdings["opened_on"] < month) & ~(holdings["closed_on"] < month)]
    consents = of_customer["consents"]
    consents = consents[consents["changed_at"] < contact["sent_at"]].groupby("channel").last()
    return set(held["product_id"]), set(consents.index[consents["status"] == "granted"])


def test_contacts_follow_the_known_policy_and_consent(rows):
    catalogue, customers = load_catalogue(), rows["customers"].set_index("customer_id")
    from ml.simulator.calendar import Month
    from ml.simulator.catalogue import STATES

    for _, contact in rows["contacts"].iloc[::37].iterrows():
        held, consented = state_at(rows, contact)
        if contact["arm"] == "control":
            assert contact["action_probability"] == pytest.approx(0.1)
            assert pd.isna(contact["product_id"])
            assert contact["response"] in ("none", "converted")
            continue
        month = Month.of(contact["sent_at"].tz_convert("America/New_York").date())
        customer = customers.loc[contact["customer_id"]]
        age = int(np.floor((pd.Timestamp(month.first) - pd.Timestamp(customer["birth_date"])).days / 365.25))
        eligible = catalogue.eligible(
            np.array([[name in held for name in PRODUCTS]]),
            np.array([STATES.index(customer["state"])]),
            np.array([age]),
        )[0]
        allowed = catalogue.channels(month) & np.array([name in consented for name in CHANNELS])
        channels = {name: allowed[k].sum() for k, name in enumerate(PRODUCTS) if eligible[k] and allowed[k].any()}
        share = {"low": 0.34, "medium": 0.33, "high": 0.33}[contact["intensity"]]
        expected = 0.9 / len(channels) / channels[contact["product_id"]] * 0.25 * share
        assert contact["channel"] in consented
        assert contact["action_probability"] == pytest.approx(expected, abs=1e-9)


def test_send_slots_are_hours_of_the_customers_own_zone(rows):
    contacts = rows["contacts"].merge(rows["customers"][["customer_id", "timezone"]], on="customer_id")
    for zone, frame in contacts[contacts["arm"] == "treatment"].groupby("timezone"):
        hours = frame["sent_at"].dt.tz_convert(str(zone)).dt.hour
        assert (((hours - 8) // 3) == frame["send_slot"]).all()


def test_nobody_is_contacted_after_an_opt_out_or_a_death(rows):
    events, contacts = rows["events"], rows["contacts"]
    ends = events[events["event_type"].isin(["opted_out", "deceased", "do_not_contact", "bankruptcy"])]
    assert (ends["event_type"] == "opted_out").sum() > 3
    later = contacts[contacts["arm"] == "treatment"].merge(
        ends, on="customer_id", suffixes=("", "_event")
    )  # fmt: skip
    is_closed = (later["event_type"] != "opted_out") | (later["channel"] == later["channel_event"])
    assert not (is_closed & (later["sent_at"] > later["occurred_at"])).any()
    opted_out = contacts[contacts["response"] == "opted_out"]
    withdrawn = rows["consents"][rows["consents"]["source"] == "message_link"]
    assert len(opted_out) == len(withdrawn) == (ends["event_type"] == "opted_out").sum()


def test_conversions_are_openings_within_fourteen_days(rows):
    contacts, holdings = rows["contacts"], rows["holdings"]
    converted = contacts[contacts["response"] == "converted"]
    assert (converted["arm"] == "treatment").sum() > 50
    assert (converted["arm"] == "control").sum() > 3
    for _, contact in converted.iterrows():
        opened = holdings[holdings["customer_id"] == contact["customer_id"]]
        if contact["arm"] == "treatment":
            opened = opened[opened["product_id"] == contact["product_id"]]
        day = contact["responded_at"].tz_convert("America/New_York").date()
        assert pd.Timestamp(day) in set(opened["opened_on"])
        assert contact["responded_at"] - contact["sent_at"] < pd.Timedelta(days=14)


def test_truth_names_every_customer_and_month(world, rows):
    months = read_truth(world, "customer_months")
    assert len(months) == COUNT * 6
    assert set(months["intent"]) == {0, 1, 2, 3}
    assert set(months["month_end"].astype(str)) == {
        "2025-07-31", "2025-08-31", "2025-09-30", "2025-10-31", "2025-11-30", "2025-12-31",
    }  # fmt: skip
    customers = read_truth(world, "customers")
    assert list(customers["customer_id"]) == list(rows["customers"]["customer_id"])
    assert set(customers["segment"]) == set(range(5))
    assert set(customers["trait"]) == set(range(3))


def test_response_probabilities_are_probabilities_of_what_may_be_offered(world, rows):
    table = read_truth(world, "response_probabilities")
    numbers = table[["probability_treated", "probability_control", "probability_opening_treated"]]
    assert 195 <= table["customer_id"].nunique() <= 200
    assert ((numbers > 0) & (numbers < 1)).all().all()
    assert (table["probability_opening_treated"] <= table["probability_treated"] + 1e-9).all()
    held = rows["holdings"][rows["holdings"]["closed_on"].isna()]
    assert table.merge(held, on=["customer_id", "product_id"]).empty


def test_a_folder_that_holds_a_world_is_not_written_over(world):
    with pytest.raises(FileExistsError, match="holds a world already"):
        write_world(world, WorldConfig(customers=COUNT))


def test_presets_have_their_sizes_and_an_unknown_one_is_named():
    assert [preset_config(name).customers for name in ("tiny", "default", "large")] == [1_000, 35_000, 350_000]
    with pytest.raises(ValueError, match="no world 'huge'; expected one of"):
        preset_config("huge")
