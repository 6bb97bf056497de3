"""``make bench``, messages: calls to the writer, and the release of 35,000 and 1,000,000 sends.

Measured here: the writer's calls for Harbor Bank's catalogue on a first and on a second night, and the night's own
release (read, render, check, write) of made-up decisions spread over all briefs in a working file of its own. A brief
has no customer in it, and the worlds of 35,000 and 350,000 customers share one product file; the calls of real nights
are told by the benchmark of the whole line (`WORLD=tiny`, `default`, `large`). Absolute figures hold for the machine
they were measured on.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from unittest import mock

import duckdb
import pandas as pd

import dagster_pipeline.releasing
from dagster_pipeline import messaging
from dagster_pipeline.defs.resources import Warehouse
from dagster_pipeline.releasing import release_night
from dagster_pipeline.tables import create_declared_tables, replace_partition
from rag.briefs import BRIEF_COLUMNS
from rag.prompts import PROMPT_VERSION
from rag.release import render_messages
from rag.template_types import Night, TemplateBatch
from rag.templates import write_templates
from rag.writers.embedded import EmbeddedWriter
from tests.unit import rag_bank

NIGHT = date(2025, 12, 31)
# What the night's release reads, for `$sends` customers who all agreed to everything.
TABLES = """
create table marts.fct_offer_decisions as
select md5(range::varchar) as decision_id, 'C' || range as customer_id, briefs.product_id, briefs.product_version,
    briefs.channel, briefs.intent, briefs.intensity, 'America/New_York' as timezone, $night::date as as_of_date,
    'send' as outcome, timestamptz '2026-01-01 15:00:00+00' + to_minutes(range % 360) as send_at
from range($sends)
inner join (select *, row_number() over (order by brief_id) - 1 as number from rag.briefs) as briefs
    on briefs.number = range % (select count(*) from rag.briefs);
create table intermediate.int_offers__customers as
select customer_id, 'US-NY' as state, []::varchar[] as held_product_ids, 'z' as zone_key from marts.fct_offer_decisions;
create table intermediate.int_customers__as_known as
select customer_id, 'Ana' as first_name from marts.fct_offer_decisions;
create table intermediate.int_offers__time_zones as
select 'z' as zone_key, ['America/New_York'] as candidate_zones, true as is_zone_known;
create table seeds.policy_quiet_hours as select 'all' as state, time '08:00' as opens_at, time '20:00' as closes_at,
    date '1990-01-01' as effective_from, null::date as effective_to;
create table intermediate.int_consents__as_known as
select customer_id, channel, 'granted' as status, 'I agree.' as evidence_text, 'marketing' as purpose,
    timestamptz '2025-01-01 00:00:00+00' as valid_from from marts.fct_offer_decisions;
create table intermediate.int_offers__restrictions as
select null::varchar as customer_id, null::varchar as channel, null::varchar as drop_reason, null::varchar as scope
where false
"""


def written(known: TemplateBatch | None = None, night: date = NIGHT) -> TemplateBatch:
    """Write every brief of the catalogue with the embedded writer."""
    return write_templates(
        list(rag_bank.briefs()),
        lambda brief, day: list(rag_bank.retrieved(brief, day)),
        EmbeddedWriter(),
        Night(
            as_of_date=night,
            send_date=night + timedelta(days=1),
            documents=rag_bank.corpus(),
            products=tuple({str(k): v for k, v in row.items()} for row in rag_bank.catalogue().to_dict("records")),
            prompt_version=PROMPT_VERSION,
            known_templates=known.templates if known else (),
        ),
    )


def fill(con: duckdb.DuckDBPyConnection, batch: TemplateBatch, sends: int) -> None:
    """Make the tables that a night's release reads."""
    create_declared_tables(con)
    for schema in ("intermediate", "marts", "seeds"):
        con.execute(f"create schema if not exists {schema}")
    briefs = pd.DataFrame([vars(brief) for brief in rag_bank.briefs()])[["brief_id", *BRIEF_COLUMNS]]
    replace_partition(con, "rag.briefs", briefs, {})
    messaging.keep_templates(con, NIGHT, batch, [])
    products = rag_bank.catalogue().assign(valid_from="2025-07-01", valid_to_inclusive="2026-12-31")
    con.register("products", products)
    con.execute(
        "create table intermediate.int_products__as_known as select * replace (valid_from::date as valid_from, "
        "valid_to_inclusive::date as valid_to_inclusive) from products"
    )
    for statement in TABLES.split(";"):
        given = {"sends": sends, "night": NIGHT} if "$sends" in statement else {}
        con.execute(statement, given)


def peak_rss_gib() -> float:
    """Peak resident memory of this process so far (Linux: ru_maxrss is in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


@contextmanager
def rendering_timed() -> Iterator[list[float]]:
    """Time what `rag.release` takes of the night's release."""
    seconds: list[float] = []

    def timed(inputs):
        begun = time.process_time()
        found = render_messages(inputs)
        seconds.append(time.process_time() - begun)
        return found

    with mock.patch.object(dagster_pipeline.releasing, "render_messages", timed):
        yield seconds


def release(batch: TemplateBatch, sends: int) -> None:
    """Release a night of some sends; print time and memory."""
    with tempfile.TemporaryDirectory(prefix="wordbond_bench_") as folder, Warehouse(root=folder).connect() as con:
        fill(con, batch, sends)
        templates = messaging.read_templates(con, NIGHT)
        before, started = peak_rss_gib(), time.monotonic()
        with rendering_timed() as seconds:
            count = release_night(con, NIGHT, dict(batch.statuses), templates)
        took = time.monotonic() - started
        (released,) = con.execute("select count(*) from rag.messages where status = 'released'").fetchall()[0]
    print(
        f"{count:,} messages read, rendered, checked and written in {took:.1f} s, of it rendering and checks "
        f"{sum(seconds):.1f} s of one core; {released:,} released; peak memory {peak_rss_gib():.2f} GiB "
        f"({before:.2f} GiB before)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    most = parser.parse_args().messages
    print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    started = time.monotonic()
    batch = written()
    print(
        f"first night: {batch.calls} calls for {len(batch.brief_templates)} briefs, {time.monotonic() - started:.1f} s"
    )
    second = written(batch, NIGHT + timedelta(days=1))
    print(f"second night, unchanged inputs: {second.calls} calls (aim: 0)")
    for sends in (35_000, most):
        release(batch, sends)


if __name__ == "__main__":
    main()
