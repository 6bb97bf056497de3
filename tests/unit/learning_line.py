"""Train and score a small world in memory, the way the assets do, for the tests of learning."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from ml import scoring
from ml.artifacts import Artifact, Fitted
from ml.decision_frame import DecisionFrame, Sequences
from ml.personalization import Personalization, TrainingInputs, fit_personalization
from ml.settings import (
    EncoderSettings,
    EvaluationSettings,
    IntentSettings,
    LearningSettings,
    PersonalizationSettings,
    SegmentSettings,
)
from ml.training import (
    ENCODER,
    INTENTS,
    LABELLED_SPLITS,
    SEGMENTS,
    EncoderInputs,
    SegmentInputs,
    frame_of,
    manifest_of,
    train_encoder,
    train_intents,
    train_segments,
    unsupervised_snapshot,
)
from tests.unit.learning_world import TONIGHT, World

NIGHT = date.fromisoformat(TONIGHT)
FAST = LearningSettings(
    segments=SegmentSettings(),
    intents=IntentSettings(iterations=5),
    encoder=EncoderSettings(hidden=6, epochs=2, batch_rows=128, min_rows=100),
    personalization=PersonalizationSettings(iterations=25, depth=3, early_stopping=5),
    evaluation=EvaluationSettings(resamples=100, metric_resamples=50),
)


@dataclass
class Line:
    """What a night learned and scored."""

    models: dict[str, Artifact]
    personalization: Personalization
    tonight: DecisionFrame
    features: pd.DataFrame
    sequences: Sequences
    fitted: Fitted
    notes: list[str]


def stored(name: str, fitted: Fitted) -> Artifact:
    """Return a fitted model as an artefact of version ``<name>-v``."""
    card = {"state": fitted.state, "records": fitted.records, "notes": list(fitted.notes), "as_of_date": TONIGHT}
    return Artifact(name, f"{name}-v", card, fitted.arrays, fitted.blobs)


def run_line(world: World, settings: LearningSettings = FAST) -> Line:
    """Train all models on the labelled splits of ``world`` and return them with tonight's rows."""
    features = world.features
    snapshots = features[["as_of_date", "split"]].drop_duplicates().assign(looks_back_a_week=True)
    fitted_on = np.flatnonzero(features["as_of_date"] == unsupervised_snapshot(snapshots))
    inputs = SegmentInputs.prepare(features.iloc[fitted_on].reset_index(drop=True), world.products)
    segments = stored(SEGMENTS, train_segments(inputs, None, settings))
    intents = stored(INTENTS, train_intents(world.sequences.take(fitted_on), settings))
    upstream = {SEGMENTS: segments, INTENTS: intents}
    labelled = np.flatnonzero(features["split"].isin(LABELLED_SPLITS))
    rows, sequences = features.iloc[labelled].reset_index(drop=True), world.sequences.take(labelled)
    encoder_inputs = EncoderInputs.prepare(rows, sequences, world.labels, world.products, upstream)
    encoder = stored(ENCODER, train_encoder(encoder_inputs, settings))
    frame = frame_of(rows, sequences, segments, intents, encoder)
    size = 0 if encoder.untrained else encoder.state["hidden"]
    fitted = fit_personalization(
        TrainingInputs(frame, world.labels, world.outcomes, world.products, manifest_of(segments), size), settings
    )
    personalization = Personalization.from_artifact(stored("personalization_models", fitted))
    tonight = np.flatnonzero(features["as_of_date"] == TONIGHT)
    own, own_sequences = features.iloc[tonight].reset_index(drop=True), world.sequences.take(tonight)
    models = {**upstream, ENCODER: encoder}
    notes = [note for model in models.values() for note in model.notes] + list(fitted.notes)
    scored = frame_of(own, own_sequences, segments, intents, encoder)
    return Line(models, personalization, scored, own, own_sequences, fitted, notes)


def score_line(line: Line, world: World) -> dict[str, pd.DataFrame]:
    """Return every score table of tonight."""
    settings = replace(FAST.scoring, chunk_rows=64)  # several chunks
    actions, _ = scoring.action_rows(line.tonight, line.personalization, world.products, NIGHT, settings)
    plain = actions.assign(**{name: actions[name].astype(str) for name in ("customer_id", "product_id", "channel")})
    best = plain.sort_values(
        ["customer_id", "propensity", "product_id", "channel"], ascending=[True, False, True, True]
    ).drop_duplicates("customer_id")[["customer_id", "product_id", "channel"]]
    return {
        "customer_segments": scoring.segment_rows(line.features, line.models[SEGMENTS], NIGHT),
        "customer_intents": scoring.intent_rows(line.sequences, line.models[INTENTS], NIGHT),
        "customer_embeddings": scoring.embedding_rows(line.sequences, line.models[ENCODER], NIGHT),
        "predictions": scoring.prediction_rows(line.tonight, line.personalization, NIGHT),
        "action_scores": actions,
        "action_reasons": scoring.reason_rows(
            line.tonight, line.personalization, best, world.products, NIGHT, settings
        ),
    }
