"""A small bank in memory with the contracted columns and a planted signal, for the tests of learning.

What is planted: three kinds of customers (segments), a latent intent that moves week by week and shows in
high-intent events, a next product that follows from the topic looked at and the intent, and answers that
follow from the channel preferred.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.decision_frame import Sequences
from ml.feature_sets import CONTACT_FEATURES, STATIC_FEATURES, TEMPORAL_FEATURES
from ml.sequences import SIGNALS, WEEKS

SNAPSHOTS = (
    ("2025-07-31", "train"),
    ("2025-08-31", "train"),
    ("2025-09-30", "train"),
    ("2025-10-31", "calibration"),
    ("2025-11-30", "test"),
    ("2025-12-31", "unlabelled"),
)
TONIGHT = "2025-12-31"
PRODUCTS = (("card_a", "card"), ("loan_b", "loan"), ("savings_c", "deposit"))
_TOPIC_SIGNAL = {"card_a": "topic_card", "loan_b": "topic_loan", "savings_c": "topic_deposit"}


@dataclass
class World:
    """The frames learning reads, all in the order of customer_id, as_of_date."""

    features: pd.DataFrame
    sequences: Sequences
    labels: pd.DataFrame
    outcomes: pd.DataFrame
    products: pd.DataFrame
    intents: np.ndarray
    kinds: np.ndarray


def make_world(customers: int = 300, seed: int = 3) -> World:
    """Return a world of ``customers`` over six snapshots."""
    rng = np.random.default_rng(seed)
    rows = customers * len(SNAPSHOTS)
    customer = np.repeat(np.arange(customers), len(SNAPSHOTS))
    names = np.array([f"c{i:05d}" for i in customer], dtype=object)
    dates = np.tile(np.array([day for day, _ in SNAPSHOTS], dtype=object), customers)
    splits = np.tile(np.array([split for _, split in SNAPSHOTS], dtype=object), customers)
    kinds = rng.integers(0, 3, customers)[customer]
    interest = rng.integers(0, 3, rows)
    states = _intent_paths(rng, rows)
    values = _signals(rng, states, interest, kinds)
    observed = np.tile(np.minimum(WEEKS, 5 + 4 * np.arange(len(SNAPSHOTS))), customers)
    values[np.arange(WEEKS)[None, :] < (WEEKS - observed)[:, None]] = 0.0
    keys = pd.DataFrame({"customer_id": names, "as_of_date": dates})
    features = _features(keys, splits, values, kinds, rng)
    prefers = rng.integers(0, 2, customers)[customer]
    product = _products(rng, states[:, -1], interest)
    labels = pd.DataFrame({**keys, "product": product, "channel": np.where(prefers == 1, "email", "push"),
                           "send_slot": rng.integers(0, 4, rows),
                           "intensity": rng.choice(["low", "medium", "high"], rows)})  # fmt: skip
    is_unanswered = rng.random(rows) < 0.3
    labels["send_slot"] = labels["send_slot"].astype("Int64")
    labels.loc[is_unanswered, ["channel", "intensity"]] = None
    labels.loc[is_unanswered, "send_slot"] = pd.NA
    outcomes = _outcomes(rng, keys, splits, states[:, -1], prefers)
    products = pd.DataFrame(PRODUCTS, columns=["product_id", "family"]).assign(
        channels=pd.Series([["email", "push"]] * len(PRODUCTS), dtype=object), is_live=[True] * len(PRODUCTS)
    )
    labels = labels[splits != "unlabelled"].reset_index(drop=True)
    return World(features, Sequences(keys, values, observed), labels, outcomes, products, states[:, -1], kinds)


def _intent_paths(rng: np.random.Generator, rows: int) -> np.ndarray:
    states = np.empty((rows, WEEKS), dtype=np.int64)
    states[:, 0] = rng.integers(0, 4, rows)
    for week in range(1, WEEKS):
        moves = rng.random(rows) < 0.1
        states[:, week] = np.where(moves, rng.integers(0, 4, rows), states[:, week - 1])
    return states


def _signals(rng: np.random.Generator, states: np.ndarray, interest: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    values = np.zeros((*states.shape, len(SIGNALS)), dtype=np.float32)
    position = {name: index for index, name in enumerate(SIGNALS)}
    values[:, :, position["app_event_count"]] = rng.poisson(1 + 3 * states)
    values[:, :, position["high_intent_count"]] = rng.poisson(np.array([0.02, 0.3, 2.0, 7.0])[states])
    for code, (product, _) in enumerate(PRODUCTS):
        values[:, :, position[_TOPIC_SIGNAL[product]]] = rng.poisson(states * (interest == code)[:, None])
    level = np.array([5, 15, 40])[kinds][:, None]
    values[:, :, position["txn_count"]] = rng.poisson(level, states.shape)
    values[:, :, position["outflow_usd"]] = rng.gamma(4.0, level * 10.0, states.shape).round(2)
    values[:, :, position["inflow_usd"]] = rng.gamma(4.0, level * 12.0, states.shape).round(2)
    return values


def _products(rng: np.random.Generator, state: np.ndarray, interest: np.ndarray) -> np.ndarray:
    opens = rng.random(len(state)) < np.array([0.02, 0.1, 0.3, 0.7])[state]
    names = np.array([product for product, _ in PRODUCTS], dtype=object)
    return np.where(opens, names[interest], "none")


def _features(
    keys: pd.DataFrame, splits: np.ndarray, values: np.ndarray, kinds: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    rows = len(keys)
    position = {name: index for index, name in enumerate(SIGNALS)}
    columns = {name: np.zeros(rows) for name in (*STATIC_FEATURES, *TEMPORAL_FEATURES)}
    columns["tenure_days"] = 100.0 + 900 * kinds + rng.integers(0, 50, rows)
    columns["products_held"] = 1.0 + kinds
    for days, weeks in ((7, 1), (30, 4), (90, 13)):
        recent = values[:, -weeks:, :].sum(axis=1)
        columns[f"txn_count_{days}d"] = recent[:, position["txn_count"]]
        columns[f"inflow_usd_{days}d"] = recent[:, position["inflow_usd"]]
        columns[f"outflow_usd_{days}d"] = recent[:, position["outflow_usd"]]
        columns[f"app_event_count_{days}d"] = recent[:, position["app_event_count"]]
        columns[f"high_intent_events_{days}d"] = recent[:, position["high_intent_count"]]
        if days > 7:
            for _, family in PRODUCTS:
                columns[f"topic_{family}_events_{days}d"] = recent[:, position[f"topic_{family}"]]
    columns["mean_outflow_usd_30d"] = 10.0 * np.array([5, 15, 40])[kinds]
    columns["housing_usd_30d"] = np.array([0.0, 500, 2500])[kinds] * rng.lognormal(0, 0.05, rows)
    columns["discretionary_usd_30d"] = np.array([50.0, 300, 90])[kinds] * rng.lognormal(0, 0.1, rows)
    columns["days_since_last_contact"] = np.full(rows, np.nan)
    held = [["savings_c"] if kind else [] for kind in kinds]
    attributes = [f'{{"attr_tier": "{"gold" if kind == 2 else "base"}", "attr_score": {kind + 1}}}' for kind in kinds]
    return pd.DataFrame(
        {
            **keys,
            "split": splits,
            "is_tonight": keys["as_of_date"] == TONIGHT,
            "is_month_end": True,
            "is_window_complete": keys["as_of_date"] >= "2025-09-30",
            **{name: column.astype(np.float32) for name, column in columns.items()},
            "held_product_ids": pd.Series(held, dtype=object),
            "attributes": attributes,
        }
    )


def _outcomes(
    rng: np.random.Generator, keys: pd.DataFrame, splits: np.ndarray, state: np.ndarray, prefers: np.ndarray
) -> pd.DataFrame:
    rows = len(keys)
    code = rng.integers(0, len(PRODUCTS), rows)
    channel = rng.integers(0, 2, rows)
    chance = np.array([0.05, 0.15, 0.35, 0.6])[state] * np.where(channel == prefers, 1.3, 0.4)
    answered = rng.random(rows) < chance
    is_control = rng.random(rows) < 0.1
    frame = pd.DataFrame(
        {
            "contact_id": [f"k{i:06d}" for i in range(rows)],
            **keys,
            "product_id": np.array([p for p, _ in PRODUCTS], dtype=object)[code],
            "family": np.array([f for _, f in PRODUCTS], dtype=object)[code],
            "channel": np.where(channel == 1, "email", "push"),
            "send_slot": rng.integers(0, 4, rows),
            "intensity": rng.choice(["low", "medium", "high"], rows),
            "arm": np.where(is_control, "control", "treatment"),
            "answered": pd.Series(answered, dtype=object),
            "split": splits,
        }
    )
    return frame[splits != "unlabelled"].reset_index(drop=True)


def without_contacts(features: pd.DataFrame) -> pd.DataFrame:
    """Return the features of a bank that has never contacted anybody."""
    return features.assign(**{name: 0.0 for name in CONTACT_FEATURES})
