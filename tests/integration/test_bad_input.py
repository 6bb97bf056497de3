"""A night that cannot be loaded stops with one clear message, and the publication stays byte for byte."""

import hashlib
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.home import Home, HomeError
from dagster_pipeline.loading.load import default_as_of_date
from dagster_pipeline.nightly import NightFailed, run_night


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def broken_night(tiny_home, tiny_world, tmp_path):
    """A copy of the published home whose next night's folder a test spoils."""
    home = Home(tmp_path / "home")
    shutil.copytree(tiny_home.root, home.root)
    night = default_as_of_date(tiny_world) + timedelta(days=1)
    folder = tiny_world / "nights" / night.isoformat()
    folder.mkdir(parents=True)
    yield home, night, folder
    shutil.rmtree(folder)


def assert_stops(home: Home, night, expected: str) -> None:
    before = file_hash(home.published_file)
    with duckdb.connect(str(home.working_file), read_only=True) as con:
        loads = con.execute("select count(*) from raw.loads").fetchone()
    with pytest.raises(NightFailed, match=expected) as caught:
        run_night(home, night)
    assert "Traceback" not in str(caught.value)
    assert file_hash(home.published_file) == before
    with duckdb.connect(str(home.working_file), read_only=True) as con:
        assert con.execute("select count(*) from raw.loads").fetchone() == loads


def test_missing_column(broken_night):
    home, night, folder = broken_night
    (folder / "transactions.csv").write_text(
        "transaction_id,customer_id,amount,category,counterparty_type\nt,c,1,x,y\n"
    )
    assert_stops(home, night, "posted_at")


def test_unreadable_parquet(broken_night):
    home, night, folder = broken_night
    (folder / "transactions.parquet").write_bytes(b"PAR1 this is not parquet")
    assert_stops(home, night, "transactions.parquet")


def test_too_many_rejects(broken_night):
    home, night, folder = broken_night
    rows = "".join(f"t{i},nobody,2026-01-01T10:00:00Z,-5.00,groceries,merchant\n" for i in range(50))
    header = "transaction_id,customer_id,posted_at,amount,category,counterparty_type\n"
    (folder / "transactions.csv").write_text(header + rows)
    assert_stops(home, night, "5 %|5%|0.05")


def test_missing_file(tmp_path):
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "events.csv").write_text("event_id,customer_id,occurred_at,event_type,topic,channel\n")
    home = Home(tmp_path / "home")
    home.remember_source(folder)
    with pytest.raises(NightFailed, match="customers"):
        from datetime import date

        run_night(home, date(2026, 1, 1))
    assert not home.published_file.exists()


def test_another_source_in_the_same_home_is_refused(tiny_home, tmp_path):
    with pytest.raises(HomeError, match="One home holds one bank"):
        tiny_home.remember_source(tmp_path)
