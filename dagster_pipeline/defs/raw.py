"""Raw: the bank's folder loaded append-only, with its knowledge time, and its bad rows by name.

What belongs here: the two assets. Rules of the input contract belong to ``dagster_pipeline.loading``.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg

from dagster_pipeline.defs.partitions import nightly_partitions
from dagster_pipeline.defs.resources import Warehouse, partition_date
from dagster_pipeline.loading.load import load_night, load_sent_messages
from dagster_pipeline.notes import record_notes
from dagster_pipeline.tables import create_declared_tables, declared_tables
from rag.approvals import read_approvals
from rag.writers import choose_writer, settings_from_environment

OWNERS = ["team:data-engineering"]
BACKFILL_POLICY = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)


def write_simulated_night(folder: Path, night: date) -> bool:
    """Write the night's rows if ``folder`` is a simulated bank whose history ended earlier; say whether it did."""
    world_file = folder / "truth" / "world.json"
    night_folder = folder / "nights" / night.isoformat()
    if not world_file.exists() or night_folder.exists():
        return False
    from ml.simulator.world import history_end, write_night

    if night <= history_end(json.loads(world_file.read_text())):
        return False
    write_night(folder, night)
    return True


@dg.asset(
    key=["input", "bank_folder"],
    group_name="input",
    owners=OWNERS,
    kinds={"file"},
    partitions_def=nightly_partitions,
    backfill_policy=BACKFILL_POLICY,
)
def bank_folder(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """The folder the bank's files come from; a simulated bank writes the night's files into it first.

    The night's writer is asked for here too, and what people decided is read, so that a night that must have Ollama,
    or can't tell what was approved, stops before any work is done.
    """
    _, writer_reason = choose_writer(settings_from_environment())
    read_approvals(warehouse.home.approvals_file, partition_date(context))
    folder = warehouse.home.source_folder()
    has_written = write_simulated_night(folder, partition_date(context))
    return dg.MaterializeResult(
        metadata={"folder": dg.MetadataValue.path(folder), "simulated_tonight": has_written, "writer": writer_reason}
    )


def _raw_specs() -> Iterator[dg.AssetSpec]:
    for table in declared_tables().values():
        if table.schema in ("raw", "truth"):
            yield dg.AssetSpec(
                key=[table.schema, table.name],
                deps=[dg.AssetKey(["input", "bank_folder"])],
                group_name=table.schema,
                owners=OWNERS,
                kinds={"duckdb", "table"},
                description=table.description,
                partitions_def=nightly_partitions,
            )


@dg.multi_asset(specs=list(_raw_specs()), backfill_policy=BACKFILL_POLICY)
def raw_tables(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Load the folder's rows of this night in one transaction; bad rows go to raw.rejects by name."""
    night = partition_date(context)
    with warehouse.connect() as con:
        create_declared_tables(con)
        report = load_night(con, warehouse.home.source_folder(), night)
        load_sent_messages(con, night)
        record_notes(con, night, "raw", report.notes)
        counts = {
            spec.key: con.execute(f"select count(*) from {'.'.join(spec.key.path)}").fetchall()[0][0]
            for spec in context.assets_def.specs
        }
    context.log.info(report.summary())
    for key, count in counts.items():
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": count})
