"""No feature sees the future: a snapshot looks the same on its own night and a month later."""

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_pipeline.home import PROJECT_ROOT
from dagster_pipeline.tables import create_declared_tables
from tests.integration.test_dbt_units import run_dbt

CUT = date(2025, 10, 31)
LATER = date(2025, 12, 31)
_KNOWLEDGE = "'bank.csv', cast(row_number() over () as integer), date '2025-10-31'"
# Sixty customers whose every draw is a hash of its number; instants are spread over the hours around midnight too.
_BANK = f"""
create temp macro draw(number, stream, size) as
    cast(('0x' || left(md5(number || '/' || stream), 8))::ubigint % size as integer);
create temp macro instant(number, stream) as
    timestamptz '2025-06-20 00:00:00+00' + to_minutes(draw(number, stream, 60 * 24 * 194));
insert into raw.customers
    select 'c' || i, date '2025-01-01' + draw(i, 'joined', 330), null, 'h' || i // 3, 'US-NY', 'America/New_York', 'en',
        '{{"score": 1}}', {_KNOWLEDGE}
    from range(60) t(i);
insert into raw.transactions
    select 't' || i, 'c' || draw(i, 'customer', 60), instant(i, 'posted'), (draw(i, 'amount', 40000) - 20000) / 100,
        ['salary', 'rent', 'groceries', 'dining', 'fee', 'unheard'][1 + draw(i, 'category', 6)], 'merchant',
        case when draw(i, 'recorded', 4) > 0 then (draw(i, 'balance', 90000) - 10000) / 100 end, {_KNOWLEDGE}
    from range(6000) t(i);
insert into raw.events
    select 'e' || i, 'c' || draw(i, 'customer', 60), instant(i, 'occurred'),
        ['login', 'rates_viewed', 'complaint_opened', 'calculator_used'][1 + draw(i, 'type', 4)],
        ['card', 'loan', 'service', null][1 + draw(i, 'topic', 4)], 'app', {_KNOWLEDGE}
    from range(3000) t(i);
insert into raw.contacts
    select 'k' || i, 'c' || draw(i, 'customer', 60), instant(i, 'sent'), 'personal_loan',
        ['email', 'sms', 'push'][1 + draw(i, 'channel', 3)], draw(i, 'slot', 4), 'low', 'treatment', 0.1,
        ['none', 'opened', 'clicked', 'converted'][1 + draw(i, 'response', 4)],
        instant(i, 'sent') + to_hours(draw(i, 'delay', 500)), {_KNOWLEDGE}
    from range(1500) t(i);
update raw.contacts set responded_at = null where response = 'none';
insert into raw.holdings
    select distinct on (c, p, o) c, p, o, case when n % 3 = 0 then o + draw(n, 'closed', 120) end, {_KNOWLEDGE}
    from (
        select 'c' || draw(i, 'customer', 60) as c, ['personal_loan', 'travel_card'][1 + draw(i, 'product', 2)] as p,
            date '2025-03-01' + draw(i, 'opened', 306) as o, i as n
        from range(300) t(i)
    ) order by c, p, o, n;
insert into raw.consents
    select 'c' || draw(i, 'customer', 60), ['email', 'sms'][1 + draw(i, 'channel', 2)], 'marketing',
        ['granted', 'withdrawn'][1 + draw(i, 'status', 2)], instant(i, 'changed'), 'app', 'yes', {_KNOWLEDGE}
    from range(300) t(i);
insert into raw.products
    select *, 'products.csv', 1, date '2025-10-31' from read_csv('{{catalogue}}', all_varchar = true);
"""
# What the bank could not have known at the end of the day, New York time.
_FORGET = """
set TimeZone = 'UTC';
delete from raw.transactions where posted_at >= timestamptz '2025-11-01 04:00:00+00';
delete from raw.events where occurred_at >= timestamptz '2025-11-01 04:00:00+00';
delete from raw.contacts where sent_at >= timestamptz '2025-11-01 04:00:00+00';
update raw.contacts set response = 'none', responded_at = null
    where responded_at >= timestamptz '2025-11-01 04:00:00+00';
delete from raw.consents where changed_at >= timestamptz '2025-11-01 04:00:00+00';
delete from raw.holdings where opened_on > date '2025-10-31';
update raw.holdings set closed_on = null where closed_on > date '2025-10-31';
delete from raw.customers where joined_on > date '2025-10-31';
"""


def _write_bank(path: Path) -> None:
    con = duckdb.connect(str(path))
    create_declared_tables(con)
    con.execute(_BANK.replace("{catalogue}", str(PROJECT_ROOT / "ml/simulator/products.csv")))
    con.close()


def _build(folder: Path, night: date) -> None:
    variables = json.dumps({"as_of_date": night.isoformat()})
    models = ["+int_customers__features", "+int_customers__sequences"]
    result = run_dbt(folder, "build", "--resource-type", "model", "seed", "--select", *models, "--vars", variables)
    assert result.returncode == 0, result.stdout[-4000:]


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory):
    """The same bank built on the later night, and on the earlier one without what was to come."""
    later, earlier = tmp_path_factory.mktemp("later"), tmp_path_factory.mktemp("earlier")
    _write_bank(later / "working.duckdb")
    shutil.copy(later / "working.duckdb", earlier / "working.duckdb")
    con = duckdb.connect(str(earlier / "working.duckdb"))
    con.execute(_FORGET)
    con.close()
    _build(later, LATER)
    _build(earlier, CUT)
    return later / "working.duckdb", earlier / "working.duckdb"


@pytest.mark.parametrize("table", ["int_customers__features", "int_customers__sequences"])
def test_a_snapshot_does_not_change_with_what_comes_after_it(two_nights, table):
    later, earlier = two_nights
    con = duckdb.connect()
    con.execute(f"attach '{later}' as later (read_only); attach '{earlier}' as earlier (read_only)")
    columns = [row[0] for row in con.execute(f"describe later.intermediate.{table}").fetchall()]
    # What a row serves and which night runs are facts about the night, not about the customer.
    compared = ", ".join(name for name in columns if name not in ("split", "is_tonight"))
    then = f"select {compared} from earlier.intermediate.{table}"
    now = f"select {compared} from later.intermediate.{table} where as_of_date <= date '{CUT}'"
    rows = con.execute(f"select count(*) from ({then})").fetchone()
    assert rows is not None
    assert rows[0] > 150
    assert con.execute(f"({then}) except all ({now})").fetchall() == []
    assert con.execute(f"({now}) except all ({then})").fetchall() == []


def test_the_later_night_knows_more(two_nights):
    """The two banks differ, or the comparison above would prove nothing."""
    later, earlier = two_nights
    counts = []
    for path in (later, earlier):
        con = duckdb.connect(str(path), read_only=True)
        counts += con.execute("select count(*), count(responded_at) from raw.contacts").fetchall()
        con.close()
    assert counts[0][0] > counts[1][0]
    assert counts[0][1] > counts[1][1]
