"""Scores: tonight's customers as the night's models see them, one table per asset.

What belongs here: the assets. Each reads tonight's rows, calls one function of ``ml``, writes one partition.
"""

from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pandas as pd

from dagster_pipeline import frames
from dagster_pipeline.defs.partitions import nightly_partitions
from dagster_pipeline.defs.resources import Warehouse, partition_date
from dagster_pipeline.notes import record_notes
from dagster_pipeline.tables import replace_partition
from ml import scoring
from ml.artifacts import Artifact, ModelStore
from ml.decision_frame import DecisionFrame
from ml.personalization import RESPONSE, Personalization
from ml.settings import SETTINGS
from ml.training import ENCODER, INTENTS, MODELS, PERSONALIZATION, SEGMENTS, frame_of

_FEATURES = dg.AssetKey(["intermediate", "int_customers__features"])
_SEQUENCES = dg.AssetKey(["intermediate", "int_customers__sequences"])
_PRODUCTS = dg.AssetKey(["intermediate", "int_products__as_known"])
_COMMON: dict[str, Any] = {
    "group_name": "scores",
    "owners": ["team:data-science"],
    "kinds": {"duckdb", "table"},
    "partitions_def": nightly_partitions,
    "backfill_policy": dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
}


def _model(warehouse: Warehouse, name: str, night: date) -> Artifact:
    found = ModelStore(warehouse.home.models_dir).newest(name, night)
    if found is None:
        raise dg.Failure(f"No {name} is stored for {night}; materialize models/{name} of that night first.")
    return found[1]


def _customers(con: duckdb.DuckDBPyConnection, warehouse: Warehouse, night: date) -> DecisionFrame:
    """Return tonight's customers as the decision's models see them."""
    upstream = [_model(warehouse, name, night) for name in MODELS[:3]]
    return frame_of(frames.features(con, [night]), frames.sequences(con, [night]), *upstream)


def _personalization(warehouse: Warehouse, night: date) -> Personalization:
    return Personalization.from_artifact(_model(warehouse, PERSONALIZATION, night))


def _written(
    con: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame, night: date, **metadata: Any
) -> dg.MaterializeResult:
    count = replace_partition(con, table, rows, {"as_of_date": night})
    return dg.MaterializeResult(metadata={"dagster/row_count": count, **metadata})


def _counts(values: pd.Series) -> dg.MarkdownMetadataValue:
    """Return how often each value occurs, as a table."""
    counts = values.value_counts().sort_index()
    lines = [f"| {value} | {count} |" for value, count in counts.items()]
    return dg.MetadataValue.md("\n".join([f"| {values.name} | customers |", "| --- | --- |", *lines]))


@dg.asset(key=["ml", "customer_segments"], deps=[_FEATURES, dg.AssetKey(["models", SEGMENTS])], **_COMMON)
def customer_segments(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """The segment each customer belongs to tonight, with its name and how firmly."""
    night = partition_date(context)
    with warehouse.connect() as con:
        rows = scoring.segment_rows(frames.features(con, [night]), _model(warehouse, SEGMENTS, night), night)
        return _written(con, "ml.customer_segments", rows, night, segments=_counts(rows["segment_name"]))


@dg.asset(key=["ml", "customer_intents"], deps=[_SEQUENCES, dg.AssetKey(["models", INTENTS])], **_COMMON)
def customer_intents(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """How ready each customer is tonight: the filtered posterior over four intents."""
    night = partition_date(context)
    with warehouse.connect() as con:
        rows = scoring.intent_rows(frames.sequences(con, [night]), _model(warehouse, INTENTS, night), night)
        return _written(con, "ml.customer_intents", rows, night, intents=_counts(rows["intent_name"]))


@dg.asset(key=["ml", "customer_embeddings"], deps=[_SEQUENCES, dg.AssetKey(["models", ENCODER])], **_COMMON)
def customer_embeddings(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """The last hidden state of the temporal encoder for each customer."""
    night = partition_date(context)
    with warehouse.connect() as con:
        rows = scoring.embedding_rows(frames.sequences(con, [night]), _model(warehouse, ENCODER, night), night)
        return _written(con, "ml.customer_embeddings", rows, night)


_MODEL_DEPS = [dg.AssetKey(["models", name]) for name in MODELS]


@dg.asset(key=["ml", "predictions"], deps=[_FEATURES, _SEQUENCES, *_MODEL_DEPS], **_COMMON)
def predictions(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Calibrated probabilities of each customer's next product, channel, send slot and intensity."""
    night = partition_date(context)
    models = _personalization(warehouse, night)
    with warehouse.connect() as con:
        rows = scoring.prediction_rows(_customers(con, warehouse, night), models, night)
        means = rows.groupby(["target", "label"], observed=True)["probability"].mean().round(4).reset_index()
        lines = [f"| {target} | {label} | {mean} |" for target, label, mean in means.itertuples(index=False)]
        table = "\n".join(["| target | label | mean probability |", "| --- | --- | --- |", *lines])
        return _written(con, "ml.predictions", rows, night, means=dg.MetadataValue.md(table))


@dg.asset(key=["ml", "action_scores"], deps=[_FEATURES, _SEQUENCES, _PRODUCTS, *_MODEL_DEPS], **_COMMON)
def action_scores(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """The calibrated probability of an answer for every customer, live product and channel of it."""
    night = partition_date(context)
    models = _personalization(warehouse, night)
    with warehouse.connect() as con:
        customers = _customers(con, warehouse, night)
        rows, notes = scoring.action_rows(customers, models, frames.products(con), night, SETTINGS.scoring)
        record_notes(con, night, "scores", notes)
        return _written(
            con,
            "ml.action_scores",
            rows,
            night,
            notes=notes or ["none"],
            mean_propensity=float(rows["propensity"].mean()) if len(rows) else 0.0,
            model_version=models.version_of(RESPONSE),
        )


@dg.asset(
    key=["ml", "action_reasons"],
    deps=[_FEATURES, _SEQUENCES, _PRODUCTS, dg.AssetKey(["ml", "action_scores"]), *_MODEL_DEPS],
    **_COMMON,
)
def action_reasons(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """The features that counted most in the answer each customer's best action is expected to get."""
    night = partition_date(context)
    models = _personalization(warehouse, night)
    with warehouse.connect() as con:
        best = con.execute(
            "select customer_id, product_id, channel from ml.action_scores where as_of_date = ? "
            "qualify row_number() over (partition by customer_id order by propensity desc, product_id, channel) = 1 "
            "order by customer_id",
            [night],
        ).df()
        customers = _customers(con, warehouse, night)
        rows = scoring.reason_rows(customers, models, best, frames.products(con), night, SETTINGS.scoring)
        told = rows["reason_codes"].explode().rename("reason_code").dropna()
        return _written(con, "ml.action_reasons", rows, night, reasons=_counts(told))
