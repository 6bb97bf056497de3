"""Features: dbt's staging of the bank and the features, sequences and labels over one spine."""

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
    select="path:seeds path:models/staging/bank path:models/intermediate/features",
    partitions_def=nightly_partitions,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
)
def feature_models(context: dg.AssetExecutionContext, dbt: DbtCliResource, warehouse: Warehouse) -> Iterator:
    """Stage the bank's rows as known tonight and build features, sequences and labels."""
    yield from build_models(context, dbt, warehouse.home)
