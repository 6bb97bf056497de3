"""Scoring: from the models of a night and tonight's customers to the rows of the score tables.

What belongs here: the frames of ``ml.*`` that hold one night, as data frames with the declared columns.
"""

from datetime import date

import numpy as np
import pandas as pd

from ml.actions import live_actions, reason_codes, score_actions
from ml.artifacts import Artifact
from ml.decision_frame import DecisionFrame, Sequences
from ml.encoder import EncoderModel
from ml.feature_sets import build_matrix
from ml.intent import IntentModel, readiness
from ml.personalization import RESPONSE, TARGETS, Personalization
from ml.segmentation import SegmentModel
from ml.settings import BASE_RATES, INTENT_NAMES, ScoringSettings
from ml.training import manifest_of


def _repeated(values: np.ndarray, times: int) -> pd.Categorical:
    """Return each value ``times`` times in a row, as categories (cheap to store, compare and insert)."""
    codes = np.repeat(np.arange(len(values)), times)
    return pd.Categorical.from_codes(codes, categories=pd.Index(values, dtype=object))


def _tiled(values: list[str], times: int) -> pd.Categorical:
    distinct = sorted(set(values))
    codes = np.tile(np.array([distinct.index(value) for value in values], dtype=np.int64), times)
    return pd.Categorical.from_codes(codes, categories=pd.Index(distinct, dtype=object))


def segment_rows(features: pd.DataFrame, model: Artifact, night: date) -> pd.DataFrame:
    """Return tonight's rows of ``ml.customer_segments``."""
    segments = SegmentModel.from_artifact(model)
    manifest = manifest_of(model)
    numbers, strengths = segments.assign(build_matrix(features, manifest), manifest.columns)
    return pd.DataFrame(
        {
            "customer_id": features["customer_id"],
            "as_of_date": night,
            "segment": numbers,
            "segment_name": segments.name_of(numbers),
            "method": segments.method,
            "membership_probability": strengths,
            "model_version": model.version,
        }
    )


def intent_rows(sequences: Sequences, model: Artifact, night: date) -> pd.DataFrame:
    """Return tonight's rows of ``ml.customer_intents``; a tie goes to the less ready intent."""
    intents = IntentModel.from_artifact(model)
    posterior = intents.posteriors(sequences.values, sequences.observed_weeks)
    likeliest = posterior.argmax(axis=1)
    return pd.DataFrame(
        {
            "customer_id": sequences.keys["customer_id"],
            "as_of_date": night,
            "intent": likeliest,
            "intent_name": np.array(INTENT_NAMES, dtype=object)[likeliest],
            "readiness": readiness(posterior),
            "probabilities": pd.Series(list(posterior), dtype=object),
            "model_version": BASE_RATES if model.untrained else model.version,
        }
    )


def embedding_rows(sequences: Sequences, model: Artifact, night: date) -> pd.DataFrame:
    """Return tonight's rows of ``ml.customer_embeddings``; none where no encoder was trained."""
    embeddings = EncoderModel.from_artifact(model).embed(sequences.values, sequences.observed_weeks)
    is_trained = embeddings.shape[1] > 0
    keys = sequences.keys if is_trained else sequences.keys.iloc[:0]
    return pd.DataFrame(
        {
            "customer_id": keys["customer_id"],
            "as_of_date": night,
            "embedding": pd.Series(list(embeddings) if is_trained else [], dtype=object),
            "model_version": model.version,
        }
    )


def prediction_rows(customers: DecisionFrame, models: Personalization, night: date) -> pd.DataFrame:
    """Return tonight's rows of ``ml.predictions``: customers x (products + 1, channels, slots, intensities)."""
    names = customers.keys["customer_id"].to_numpy(dtype=object)
    predicted = models.predict(customers)
    targets = [target for target in TARGETS for _ in models.classes[target].labels]
    labels = [label for target in TARGETS for label in models.classes[target].labels]
    versions = [models.version_of(target) for target in targets]
    return pd.DataFrame(
        {
            "customer_id": _repeated(names, len(labels)),
            "as_of_date": night,
            "target": _tiled(targets, len(names)),
            "label": _tiled(labels, len(names)),
            "probability": np.concatenate([predicted[target] for target in TARGETS], axis=1).ravel(),
            "model_version": _tiled(versions, len(names)),
        }
    )


def _likeliest(predicted: dict[str, np.ndarray], models: Personalization, target: str) -> np.ndarray:
    """Return each customer's likeliest class of a target; a tie goes to the first (earlier, milder)."""
    labels = np.array(models.classes[target].labels, dtype=object)
    return labels[predicted[target].argmax(axis=1)]


def action_rows(
    customers: DecisionFrame, models: Personalization, products: pd.DataFrame, night: date, settings: ScoringSettings
) -> tuple[pd.DataFrame, list[str]]:
    """Return tonight's rows of ``ml.action_scores``: customers x live product x its channels.

    Parameters
    ----------
    customers : DecisionFrame
        Tonight's rows.
    models : Personalization
    products : DataFrame
        product_id, family, channels, is_live.
    night : date
    settings : ScoringSettings

    Returns
    -------
    DataFrame
        With ``uplift`` and its interval null.
    list of str
        Remarks for the run report.
    """
    actions = live_actions(products)
    names = customers.keys["customer_id"].to_numpy(dtype=object)
    predicted = models.predict(customers)
    scores = score_actions(
        customers,
        _likeliest(predicted, models, "send_slot"),
        _likeliest(predicted, models, "intensity"),
        actions,
        models.levels,
        models.response,
        settings,
    )
    notes = [] if len(actions) else ["No product is live on the send date; nothing can be offered."]
    unknown = sorted(set(actions["product"]) - set(models.levels.product))
    if unknown and models.response.model is not None:
        notes.append(f"Products newer than the response model are scored by family and channel alone: {unknown}.")
    frame = pd.DataFrame(
        {
            "customer_id": _repeated(names, len(actions)),
            "as_of_date": night,
            "product_id": _tiled(list(actions["product"]), len(names)),
            "channel": _tiled(list(actions["channel"]), len(names)),
            "propensity": scores.ravel(),
            "uplift": np.nan,
            "uplift_low": np.nan,
            "uplift_high": np.nan,
            "model_version": models.version_of(RESPONSE),
        }
    )
    return frame, notes


def reason_rows(
    customers: DecisionFrame,
    models: Personalization,
    best_actions: pd.DataFrame,
    products: pd.DataFrame,
    night: date,
    settings: ScoringSettings,
) -> pd.DataFrame:
    """Return tonight's rows of ``ml.action_reasons``, for each customer's best-scored action.

    Parameters
    ----------
    customers : DecisionFrame
        Tonight's rows.
    models : Personalization
    best_actions : DataFrame
        customer_id, product_id, channel, one row per customer.
    products : DataFrame
        product_id and family.
    night : date
    settings : ScoringSettings
    """
    keys = customers.keys[["customer_id"]]
    best = keys.merge(best_actions, on="customer_id", how="left", validate="1:1")
    families = products.drop_duplicates("product_id").set_index("product_id")["family"]
    predicted = models.predict(customers)
    actions = pd.DataFrame(
        {
            "product": best["product_id"].to_numpy(dtype=object),
            "family": best["product_id"].map(families).to_numpy(dtype=object),
            "channel": best["channel"].to_numpy(dtype=object),
            "send_slot": _likeliest(predicted, models, "send_slot"),
            "intensity": _likeliest(predicted, models, "intensity"),
        }
    )
    reasons = reason_codes(customers, actions, models.levels, models.response, settings)
    return pd.DataFrame(
        {
            "customer_id": keys["customer_id"],
            "as_of_date": night,
            "reason_codes": pd.Series(reasons, dtype=object),
            "model_version": models.version_of(RESPONSE),
        }
    )
