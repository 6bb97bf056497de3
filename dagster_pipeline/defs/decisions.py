"""Decisions: candidates to one decision a customer and night, one visible dbt model per step."""

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
    select="path:models/staging/ml path:models/intermediate/offers path:models/marts/decisioning",
    partitions_def=nightly_partitions,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
)
def decision_models(context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: Warehouse) -> Iterator:
    """Screen, rank and arbitrate every candidate, and decide one action or a hold per customer."""
    yield from build_models(context, dbt, warehouse.home)
