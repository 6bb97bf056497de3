"""``make test-data``: every real set, and a flat table, through the whole line to the published warehouse.

Each run is the product's own command in a process of its own, so that its output is what a user reads. Left out of
``make test`` by the marker ``whole_run``: together they take some minutes.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.integration.test_published_warehouse import IDENTITIES
from tests.real_data import berka, hillstrom, starbucks, uci
from tests.real_data.sources import real_data
from tests.unit.loading_bank import HEADERS, write_csv

pytestmark = pytest.mark.whole_run


@dataclass(frozen=True)
class Expected:
    """What one set must come to; the numbers are the set's own."""

    folder: str | None
    adapt: Callable[[Path, Path], object]
    night: date
    rows_read: int
    rejects: dict[str, int]
    customers: int
    releases_messages: bool
    says: tuple[str, ...]


def write_flat_bank(_: Path, out: Path) -> None:
    """Write customers with attributes and consents and nothing else; the default catalogue and corpus stand in."""
    jobs = ("clerk", "driver", "nurse", "teacher")
    customers = [
        [
            f"f{i:03}",
            "2025-12-31",
            f"19{60 + i % 40}-05-17",
            "US-NY",
            "America/New_York",
            str(20_000 + 137 * i),
            jobs[i % 4],
        ]
        for i in range(300)
    ]
    header = ["customer_id", "joined_on", "birth_date", "state", "timezone", "attr_income_usd", "attr_job"]
    write_csv(out / "customers.csv", header, customers)
    granted = ["email", "marketing", "granted", "2025-12-01T12:00:00Z", "form", "Yes, please."]
    write_csv(out / "consents.csv", HEADERS["consents"], [[row[0], *granted] for row in customers])


SETS = {
    "starbucks": Expected(
        "starbucks_offers",
        starbucks.adapt,
        night=date(2018, 8, 30),
        rows_read=400_267,
        rejects={"duplicate_row": 397},
        customers=17_000,
        releases_messages=True,
        says=(
            "the effect of a channel can't be told from that of the product",
            "nothing can be learned about the time of day",
            "nothing can be learned about intensity",
            "no openings to learn the next product from",
            "Split by time: trained on 2018-07-26, calibrated on 2018-08-02, tested on 2018-08-09.",
        ),
    ),
    "uci": Expected(
        "uci_bank_marketing",
        uci.adapt,
        night=date(2010, 11, 17),
        rows_read=90_423,
        rejects={},
        customers=45_211,
        releases_messages=False,
        says=(
            "cellular -> sms, telephone and unknown -> mail",
            "everything is decided and nothing is sent",
            "No events",
            "the effect of a contact can't be told from what happens without one",
            "Split by time",
        ),
    ),
    "berka": Expected(
        "berka_partial",
        berka.adapt,
        night=date(1998, 12, 5),
        rows_read=89_881,
        rejects={},
        customers=4_500,
        releases_messages=False,
        says=("No contacts", "everything is decided and nothing is sent", "Split by time"),
    ),
    "hillstrom": Expected(
        "hillstrom",
        hillstrom.adapt,
        night=date(2008, 4, 3),
        rows_read=192_002,
        rejects={},
        customers=64_000,
        releases_messages=False,
        says=(
            "Only one snapshot (2008-03-13) is labelled",
            "nothing can be learned about the time of day",
            "No transactions",
            "No document is in force on 2008-04-04, the send date: no message can be written.",
        ),
    ),
    "flat": Expected(
        None,
        write_flat_bank,
        night=date(2025, 12, 31),
        rows_read=600,
        rejects={},
        customers=300,
        releases_messages=True,
        says=(
            "No products: Harbor Bank's default catalogue stands in.",
            "No documents: Harbor Bank's default corpus stands in",
            "No transactions",
            "No events",
            "No contacts",
            "No holdings",
            "No snapshot's label window is over yet, so nothing that needs labels can be learnt or measured.",
        ),
    ),
}


@dataclass(frozen=True)
class Run:
    """One set's published warehouse and what its run printed."""

    expected: Expected
    con: duckdb.DuckDBPyConnection
    printed: str

    def count(self, query: str) -> int:
        return self.con.execute(query).fetchall()[0][0]


@pytest.fixture(scope="module", params=sorted(SETS))
def run(request, tmp_path_factory):
    expected = SETS[request.param]
    place = tmp_path_factory.mktemp(request.param)
    expected.adapt(real_data(expected.folder) if expected.folder else place, place / "bank")
    environment = {**os.environ, "WORDBOND_HOME": str(place / "home"), "WORDBOND_WRITER": "embedded"}
    command = [sys.executable, "-m", "dagster_pipeline", "run", "--input", str(place / "bank")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-4000:]
    with duckdb.connect(str(place / "home" / "warehouse.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        yield Run(expected, con, result.stdout)


def test_the_night_is_the_last_day_the_folder_tells_of(run: Run) -> None:
    nights = run.con.execute("select as_of_date from marts.rpt_nightly_run").fetchall()
    assert nights == [(run.expected.night,)]


def test_every_row_is_loaded_or_rejected_by_name(run: Run) -> None:
    own = "from raw.loads where file not like 'default:%' and file not like 'documents/%'"
    assert run.count(f"select cast(sum(rows_read) as bigint) {own}") == run.expected.rows_read
    assert run.count("select count(*) from raw.loads where rows_read <> rows_loaded + rows_rejected") == 0
    rejects = run.con.execute("select rule, count(*) from raw.rejects group by all").fetchall()
    assert dict(rejects) == run.expected.rejects


@pytest.mark.parametrize("name", sorted(IDENTITIES))
def test_identity(run: Run, name: str) -> None:
    assert run.count(IDENTITIES[name]) == 0


def test_every_customer_is_decided_and_nobody_without_consent_gets_a_message(run: Run) -> None:
    assert run.count("select count(*) from marts.fct_offer_decisions") == run.expected.customers
    consents = run.count("select count(*) from marts.dim_customer_consents where status = 'granted'")
    sends = run.count("select count(*) from marts.fct_offer_decisions where outcome = 'send'")
    assert (sends > 0) == (consents > 0)


def test_messages_are_released_where_documents_are_in_force(run: Run) -> None:
    released = run.count("select count(*) from marts.fct_messages where status = 'released'")
    assert (released > 0) == run.expected.releases_messages
    assert (
        run.count("select count(*) from marts.fct_messages where status = 'withheld' and withheld_reason is null") == 0
    )


def test_the_run_says_what_it_could_not_do(run: Run) -> None:
    printed = " ".join(run.printed.split())
    for words in run.expected.says:
        assert words in printed
