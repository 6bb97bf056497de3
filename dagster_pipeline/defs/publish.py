"""Publish: the night's record and the read-only file that people query.

What belongs here: the last two assets. They run only when every step and blocking check before them passed.
"""

import json
from datetime import UTC, datetime

import dagster as dg
import pandas as pd

from dagster_pipeline.defs import marts
from dagster_pipeline.defs.partitions import nightly_partitions
from dagster_pipeline.defs.resources import Warehouse, partition_date
from dagster_pipeline.hashing import combined_hash, content_hashes
from dagster_pipeline.night_hash import night_hash
from dagster_pipeline.publication import prune_old_nights, publish
from dagster_pipeline.settings import SETTINGS
from dagster_pipeline.tables import declared_tables, replace_partition

OWNERS = ["team:data-engineering"]
BACKFILL_POLICY = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
# Declared now, filled by later work; no asset writes them yet.
_UNWRITTEN = {"ml.policy_values", "ml.fairness"}
_PYTHON_TABLES = [
    dg.AssetKey([table.schema, table.name])
    for table in declared_tables().values()
    if table.schema in ("ml", "rag", "truth") and table.full_name not in _UNWRITTEN
]


def _night_counts(con, night) -> dict:
    """Return the counts of ``marts.rpt_nightly_run`` for one night, from the night's own tables."""
    customers, sends, holds = con.execute(
        "select count(*), count(*) filter (where outcome = 'send'), count(*) filter (where outcome = 'hold') "
        "from marts.fct_offer_decisions where as_of_date = ?",
        [night],
    ).fetchone()
    released, withheld = con.execute(
        "select count(*) filter (where status = 'released'), count(*) filter (where status = 'withheld') "
        "from marts.fct_messages where as_of_date = ?",
        [night],
    ).fetchone()
    written, reused, calls, writer = con.execute(
        "select templates_written, templates_reused, language_model_calls, writer from rag.nights where as_of_date = ?",
        [night],
    ).fetchone()
    notes = con.execute(
        "select stage || ': ' || note from marts.rpt_night_notes where as_of_date = ? order by 1", [night]
    ).fetchall()
    return {
        "customers": customers,
        "sends": sends,
        "holds": holds,
        "templates_written": written,
        "templates_reused": reused,
        "language_model_calls": calls,
        "messages_released": released,
        "messages_withheld": withheld,
        "writer": writer,
        "notes": [note for (note,) in notes],
    }


@dg.asset(
    key=["marts", "rpt_nightly_run"],
    group_name="publication",
    owners=OWNERS,
    kinds={"duckdb", "table"},
    deps=[*marts.mart_models.keys, *_PYTHON_TABLES],
    partitions_def=nightly_partitions,
    backfill_policy=BACKFILL_POLICY,
)
def rpt_nightly_run(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """One row per published night: counts, writer, remarks, the hash of its rows and the content hash of all tables."""
    night = partition_date(context)
    record = context.instance.get_run_record_by_id(context.run.run_id)
    started_at = datetime.fromtimestamp(record.start_time, UTC) if record and record.start_time else datetime.now(UTC)
    with warehouse.connect() as con:
        prune_old_nights(con, SETTINGS.retained_nights)
        counts = _night_counts(con, night)
        hashes = content_hashes(con)
        row = {
            "as_of_date": night,
            "run_id": context.run.run_id,
            "started_at": started_at,
            "finished_at": datetime.now(UTC),
            **counts,
            "night_hash": night_hash(con, night),
            "content_hash": combined_hash(hashes, leave_out=("marts.rpt_nightly_run",)),
        }
        replace_partition(con, "marts.rpt_nightly_run", pd.DataFrame([row]), {"as_of_date": night})
    hashes_told = {name: row[name] for name in ("night_hash", "content_hash")}
    return dg.MaterializeResult(metadata={**counts, **hashes_told})


@dg.asset(
    key=["publication", "warehouse_file"],
    group_name="publication",
    owners=OWNERS,
    kinds={"duckdb", "file"},
    deps=[rpt_nightly_run],
    partitions_def=nightly_partitions,
    backfill_policy=BACKFILL_POLICY,
)
def warehouse_file(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """The read-only file that people query, replaced at once; a reader never sees half a night."""
    home = warehouse.home
    with warehouse.connect() as con:
        copied = publish(con, home.published_file)
    line = {"as_of_date": context.partition_key, "run_id": context.run.run_id, "status": "published"}
    with home.runs_file.open("a") as runs:
        runs.write(json.dumps(line) + "\n")
    return dg.MaterializeResult(
        metadata={
            "file": dg.MetadataValue.path(home.published_file),
            "tables": copied,
            "megabytes": round(home.published_file.stat().st_size / 1e6, 1),
        }
    )
