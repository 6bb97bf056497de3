"""Nights after the history: the same rows as a longer history would have had, each on its own day, once."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from ml.simulator.config import WorldConfig
from ml.simulator.world import write_night, write_world
from tests.unit.simulated_rows import KEYS, read_night_texts, read_texts, read_truth

COUNT = 240
NIGHTS = [date(2026, 1, 1) + timedelta(days=k) for k in range(31)]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> tuple[Path, Path]:
    """A world with 31 nights written after it, and one whose history holds them."""
    base = tmp_path_factory.mktemp("worlds")
    write_world(base / "nightly", WorldConfig(customers=COUNT, dirt_share=0))
    for night in NIGHTS:
        write_night(base / "nightly", night)
    write_world(base / "longer", WorldConfig(customers=COUNT, dirt_share=0, history_end=date(2026, 1, 31)))
    return base / "nightly", base / "longer"


@pytest.mark.parametrize("name", ["transactions", "events", "consents"])
def test_nights_add_up_to_the_longer_history_and_no_row_comes_twice(worlds, name):
    nightly, longer = worlds
    added = read_night_texts(nightly, name).drop(columns="night")
    whole = pd.concat([read_texts(nightly, name), added], ignore_index=True)
    assert len(added) > 0
    assert not whole.duplicated(KEYS[name]).any()
    whole = whole.sort_values(KEYS[name]).reset_index(drop=True)
    pd.testing.assert_frame_equal(whole, read_texts(longer, name))


@pytest.mark.parametrize("name", ["contacts", "holdings"])
def test_the_last_version_of_each_key_is_the_longer_historys(worlds, name):
    nightly, longer = worlds
    added = read_night_texts(nightly, name).drop(columns="night")
    whole = pd.concat([read_texts(nightly, name), added], ignore_index=True)
    corrected = whole.duplicated(KEYS[name]).sum()
    last = whole.drop_duplicates(KEYS[name], keep="last").sort_values(KEYS[name]).reset_index(drop=True)
    assert corrected > 0
    assert len(added) > corrected
    pd.testing.assert_frame_equal(last, read_texts(longer, name))


def test_a_correction_changes_the_response_and_nothing_else(worlds):
    added = read_night_texts(worlds[0], "contacts")
    kept = added.drop(columns=["night", "response", "responded_at"]).drop_duplicates()
    assert len(kept) == added["contact_id"].nunique() < len(added)
    assert not added.duplicated(["contact_id", "night"]).any()
    answered = added[added["responded_at"] != ""]
    assert (bank_days(answered["responded_at"]) == answered["night"]).all()


def bank_days(instants: pd.Series) -> pd.Series:
    return pd.to_datetime(instants, utc=True, format="ISO8601").dt.tz_convert("America/New_York").dt.date.astype(str)


def test_rows_lie_on_the_day_of_their_night(worlds):
    for name, column in (("transactions", "posted_at"), ("events", "occurred_at"), ("consents", "changed_at")):
        frame = read_night_texts(worlds[0], name)
        assert (bank_days(frame[column]) == frame["night"]).all()


def test_the_last_night_of_a_month_brings_its_truth(worlds):
    nightly, longer = worlds
    found = read_truth(nightly / "nights" / "2026-01-31", "customer_months")
    expected = read_truth(longer, "customer_months")
    expected = expected[expected["month_end"].astype(str) == "2026-01-31"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    assert not (nightly / "nights" / "2026-01-30" / "truth").exists()


def test_a_night_does_not_depend_on_the_nights_before(worlds, tmp_path):
    write_world(tmp_path / "fresh", WorldConfig(customers=COUNT, dirt_share=0))
    report = write_night(tmp_path / "fresh", date(2026, 1, 20))
    assert report.rows["contacts"] > 0
    fresh, usual = (world / "nights" / "2026-01-20" for world in (tmp_path / "fresh", worlds[0]))
    paths = [path.relative_to(fresh) for path in sorted(fresh.rglob("*.*"))]
    assert len(paths) == 5
    assert all((fresh / path).read_bytes() == (usual / path).read_bytes() for path in paths)


def test_a_night_in_the_history_is_refused(worlds):
    with pytest.raises(ValueError, match="lies in the history, which ends on 2025-12-31"):
        write_night(worlds[0], date(2025, 12, 31))
