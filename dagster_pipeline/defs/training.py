"""Training: the four models of a night and the record of how good they are.

What belongs here: the assets. Each reads frames, calls one function of ``ml``, and stores an artefact or
writes one partition. A night that does not train reuses the newest valid model and says so.
"""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd

from dagster_pipeline import frames
from dagster_pipeline.defs.partitions import nightly_partitions
from dagster_pipeline.defs.resources import Warehouse, partition_date
from dagster_pipeline.notes import record_notes
from dagster_pipeline.tables import replace_partition
from ml.artifacts import Artifact, Fitted, ModelStore, Obtained, hash_values, obtain
from ml.evaluation import share_of_ceiling
from ml.leaks import excess_over_observer, leak_notes, stored_losses
from ml.settings import SETTINGS
from ml.training import (
    ENCODER,
    INTENTS,
    MODELS,
    PERSONALIZATION,
    SEGMENTS,
    EncoderInputs,
    SegmentInputs,
    frame_of,
    manifest_of,
    personalization_hash,
    recipe_of,
    split_note,
    train_encoder,
    train_intents,
    train_segments,
    unsupervised_snapshot,
)

_FEATURES = dg.AssetKey(["intermediate", "int_customers__features"])
_SEQUENCES = dg.AssetKey(["intermediate", "int_customers__sequences"])
_LABELS = dg.AssetKey(["intermediate", "int_customers__labels"])
_OUTCOMES = dg.AssetKey(["intermediate", "int_contacts__outcomes"])
_PRODUCTS = dg.AssetKey(["intermediate", "int_products__as_known"])
_SNAPSHOTS = dg.AssetKey(["intermediate", "int_calendar__snapshots"])
_COMMON: dict[str, Any] = {
    "group_name": "learning",
    "owners": ["team:data-science"],
    "partitions_def": nightly_partitions,
    "backfill_policy": dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
}


def _model_key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["models", name])


def _upstream(store: ModelStore, night: date, *names: str) -> dict[str, Artifact]:
    """Return the models tonight's steps before this one trained or reused."""
    found = {name: store.newest(name, night) for name in names}
    missing = [name for name, model in found.items() if model is None]
    if missing:
        raise dg.Failure(
            f"No model {missing} is stored for {night}; materialize the assets models/* of that night first."
        )
    return {name: model[1] for name, model in found.items() if model is not None}


def _markdown(rows: list[dict], columns: tuple[str, ...]) -> dg.MarkdownMetadataValue:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(str(row.get(column, "")) for column in columns) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _metadata(obtained: Obtained) -> dict[str, Any]:
    artifact = obtained.artifact
    metrics = [row for row in artifact.records("metrics") if row["label"] == "all" and row["split"] != "train"]
    return {
        "version": artifact.version,
        "is_new": obtained.is_new,
        "reason": obtained.reason,
        "trained_on": artifact.card["as_of_date"],
        "training_seconds": artifact.card["seconds"],
        "notes": artifact.notes or ["none"],
        "metrics": _markdown(metrics, ("model_name", "split", "metric", "value", "low", "high")),
    }


def _obtain(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    name: str,
    upstream: dict[str, Artifact],
    read: Callable[[], tuple[Any, str]],
    fit: Callable[[Any, Artifact | None], Fitted],
) -> dg.MaterializeResult:
    store = ModelStore(warehouse.home.models_dir)
    obtained = obtain(store, recipe_of(name, SETTINGS, upstream), partition_date(context), read, fit)
    context.log.info("%s %s", name, obtained.reason)
    return dg.MaterializeResult(metadata=_metadata(obtained))


@dg.asset(key=_model_key(SEGMENTS), deps=[_FEATURES, _SNAPSHOTS, _PRODUCTS], kinds={"scikitlearn"}, **_COMMON)
def segment_model(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Segments of customers who behave alike: Ledoit-Wolf PCA and HDBSCAN, kept from night to night."""

    def read() -> tuple[SegmentInputs, str]:
        with warehouse.connect() as con:
            rows = frames.features(con, [unsupervised_snapshot(frames.snapshots(con))])
            inputs = SegmentInputs.prepare(rows, frames.products(con))
        return inputs, inputs.data_hash

    return _obtain(
        context, warehouse, SEGMENTS, {}, read, lambda inputs, previous: train_segments(inputs, previous, SETTINGS)
    )


@dg.asset(key=_model_key(INTENTS), deps=[_SEQUENCES, _SNAPSHOTS], kinds={"python"}, **_COMMON)
def intent_model(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Latent readiness: a hidden Markov model of weekly signals, four intents in order of readiness."""

    def read() -> tuple[Any, str]:
        with warehouse.connect() as con:
            inputs = frames.sequences(con, [unsupervised_snapshot(frames.snapshots(con))])
        return inputs, hash_values(inputs.values, inputs.observed_weeks)

    return _obtain(context, warehouse, INTENTS, {}, read, lambda inputs, _: train_intents(inputs, SETTINGS))


@dg.asset(
    key=_model_key(ENCODER),
    deps=[_FEATURES, _SEQUENCES, _LABELS, _PRODUCTS, _model_key(SEGMENTS), _model_key(INTENTS)],
    kinds={"pytorch"},
    **_COMMON,
)
def encoder_model(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """A recurrent encoder of weekly signals with one head per target; its last state is the embedding."""
    upstream = _upstream(ModelStore(warehouse.home.models_dir), partition_date(context), SEGMENTS, INTENTS)

    def read() -> tuple[EncoderInputs, str]:
        with warehouse.connect() as con:
            frames.choose_learning_rows(con, SETTINGS.max_rows)
            inputs = EncoderInputs.prepare(
                frames.features(con),
                frames.sequences(con),
                frames.labels(con),
                frames.products(con),
                upstream,
            )
        return inputs, inputs.data_hash

    return _obtain(context, warehouse, ENCODER, upstream, read, lambda inputs, _: train_encoder(inputs, SETTINGS))


@dg.asset(
    key=_model_key(PERSONALIZATION),
    deps=[_FEATURES, _SEQUENCES, _LABELS, _OUTCOMES, _PRODUCTS, *(_model_key(name) for name in MODELS[:3])],
    kinds={"catboost"},
    **_COMMON,
)
def personalization_models(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Next product, channel, slot, intensity and the answer to a contact: boosted trees, calibrated, ablated."""
    from ml.personalization import TrainingInputs, fit_personalization

    upstream = _upstream(ModelStore(warehouse.home.models_dir), partition_date(context), *MODELS[:3])

    def read() -> tuple[TrainingInputs, str]:
        with warehouse.connect() as con:
            frames.choose_learning_rows(con, SETTINGS.max_rows)
            tables = (frames.labels(con), frames.outcomes(con), frames.products(con))
            frame = frame_of(frames.features(con), frames.sequences(con), *upstream.values())
        size = 0 if upstream[ENCODER].untrained else upstream[ENCODER].state["hidden"]
        inputs = TrainingInputs(frame, *tables, manifest_of(upstream[SEGMENTS]), size)
        return inputs, personalization_hash(inputs)

    return _obtain(
        context, warehouse, PERSONALIZATION, upstream, read, lambda inputs, _: fit_personalization(inputs, SETTINGS)
    )


def _models_of(warehouse: Warehouse, night: date) -> list[Artifact]:
    return list(_upstream(ModelStore(warehouse.home.models_dir), night, *MODELS).values())


_RECORD_DEPS = [_model_key(name) for name in MODELS]


@dg.asset(key=["ml", "model_runs"], deps=_RECORD_DEPS, kinds={"duckdb", "table"}, **_COMMON)
def model_runs(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """One row per trained model version: its data, parameters, features and code; remarks go to the night's notes."""
    night = partition_date(context)
    artifacts = _models_of(warehouse, night)
    rows = []
    for artifact in artifacts:
        card = artifact.card
        for run in artifact.records("runs"):
            made_of = {"model_version": artifact.version, "as_of_date": card["as_of_date"], "seconds": card["seconds"]}
            stated = {
                "parameters": json.dumps({**card["parameters"], **run["parameters"], "upstream": card["upstream"]})
            }
            hashes = {"code_version": card["code_version"], "data_hash": card["data_hash"]}
            rows.append({**run, **made_of, **stated, **hashes})
    notes = [note for artifact in artifacts for note in artifact.notes]
    earlier = sorted({artifact.card["as_of_date"] for artifact in artifacts} - {night.isoformat()})
    if earlier:
        notes.append(f"Models trained on {', '.join(earlier)} are in use.")
    with warehouse.connect() as con:
        if not earlier:
            notes += [split_note(frames.snapshots(con)), *frames.choose_learning_rows(con, SETTINGS.max_rows)]
        for row in rows:
            where = {"model_name": row["model_name"], "model_version": row["model_version"]}
            replace_partition(con, "ml.model_runs", pd.DataFrame([row]), where)
        record_notes(con, night, "learning", notes)
    shown = _markdown(rows, ("model_name", "model_version", "as_of_date", "row_count", "seconds"))
    return dg.MaterializeResult(metadata={"dagster/row_count": len(rows), "runs": shown, "notes": notes or ["none"]})


@dg.asset(
    key=["ml", "model_metrics"],
    deps=[*_RECORD_DEPS, dg.AssetKey(["truth", "observer_losses"])],
    kinds={"duckdb", "table"},
    **_COMMON,
)
def model_metrics(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """How good each model version is, per split, metric and class, with 95 % intervals; and whether that can be true.

    In a simulated bank every model's test losses stand beside the ideal observer's: a better model is a suspected leak.
    """
    night = partition_date(context)
    artifacts = _models_of(warehouse, night)
    rows = [{**row, "model_version": one.version} for one in artifacts for row in one.records("metrics")]
    personalization = next(one for one in artifacts if one.name == PERSONALIZATION)
    with warehouse.connect() as con:
        observer = frames.observer_losses(con)
        beyond = excess_over_observer(stored_losses(personalization.arrays), observer, SETTINGS.evaluation)
        rows += [{**row, "model_version": personalization.version} for row in beyond]
        frame = pd.DataFrame(rows)
        for (name, version), part in frame.groupby(["model_name", "model_version"]) if rows else ():
            replace_partition(con, "ml.model_metrics", part, {"model_name": name, "model_version": version})
        record_notes(con, night, "leak guard", leak_notes(beyond))
    shown = [row for row in rows if row["split"] == "test" and row["label"] == "all"]
    table = _markdown(shown, ("model_name", "metric", "value", "low", "high"))
    return dg.MaterializeResult(metadata={"dagster/row_count": len(rows), "test_split": table})


@dg.asset(
    key=["ml", "model_ablation"],
    deps=[_model_key(PERSONALIZATION), dg.AssetKey(["truth", "world"]), dg.AssetKey(["truth", "ceilings"])],
    kinds={"duckdb", "table"},
    **_COMMON,
)
def model_ablation(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """What temporal features, intents and the embedding add to the next product, out of time."""
    models = _upstream(ModelStore(warehouse.home.models_dir), partition_date(context), PERSONALIZATION)[PERSONALIZATION]
    trained_on = date.fromisoformat(models.card["as_of_date"])
    bases = {(row["target"], row["metric"]): row["value"] for row in models.records("ceilings")}
    with warehouse.connect() as con:
        seed = frames.world_seed(con)
        rows = []
        for row in models.records("ablation"):
            share = None
            if row["metric"] == "log_loss":
                base = bases[row["target"], "log_loss"]
                share = share_of_ceiling(base, row["value"], frames.observable_ceiling(con, row["target"]))
            rows.append({**row, "as_of_date": trained_on, "world_seed": seed, "share_of_ceiling": share})
        if rows:
            replace_partition(con, "ml.model_ablation", pd.DataFrame(rows), {"as_of_date": trained_on})
    table = _markdown(rows, ("feature_set", "metric", "value", "low", "high", "share_of_ceiling"))
    return dg.MaterializeResult(metadata={"dagster/row_count": len(rows), "ablation": table})


@dg.asset(
    key=["ml", "ceilings"],
    deps=[_model_key(PERSONALIZATION), dg.AssetKey(["truth", "ceilings"])],
    kinds={"duckdb", "table"},
    **_COMMON,
)
def ceilings(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """What class frequencies reach, and in a simulated bank what an observer of the truth reaches.

    Of the newest models in the file, whichever night runs: an old night that runs again changes nothing here.
    """
    columns = ["target", "metric", "observer", "value", "low", "high", "method"]
    with warehouse.connect() as con:
        latest = frames.latest_night(con, partition_date(context))
        models = _upstream(ModelStore(warehouse.home.models_dir), latest, PERSONALIZATION)[PERSONALIZATION]
        truth = con.execute(f"select {', '.join(columns)} from truth.ceilings where observer <> 'base'").df()
        rows = pd.DataFrame([*models.records("ceilings"), *truth.to_dict("records")], columns=columns)
        replace_partition(con, "ml.ceilings", rows, {})
    table = _markdown(rows.to_dict("records"), ("target", "metric", "observer", "value", "low", "high"))
    return dg.MaterializeResult(metadata={"dagster/row_count": len(rows), "ceilings": table})
