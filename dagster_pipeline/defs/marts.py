"""Marts: what people query about customers, messages, their proof and their trace."""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from dagster_pipeline.dbt import build_models, prepared_project
from dagster_pipeline.defs.partitions import nightly_partitions
from dagster_pipeline.defs.resources import Warehouse

_project = prepared_project()


@dbt_assets(
    manifest=_project.manifest_path,
    project=_project,
    select="path:models/staging/rag path:models/marts/core path:models/marts/messaging path:models/marts/audit",
    partitions_def=nightly_partitions,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
)
def mart_models(context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: Warehouse) -> Iterator:
    """Build the tables people query from the night's decisions and messages."""
    yield from build_models(context, dbt, warehouse.home)
