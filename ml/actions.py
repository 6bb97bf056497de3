"""Actions: a contact described as columns, scored for every customer, and explained.

What belongs here: how product, family, channel, slot and intensity become columns beside the customer's
own, scoring every live product on every channel of it, and the features that counted most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ml.boosting import ResponseModel
from ml.decision_frame import DecisionFrame
from ml.feature_sets import group_of
from ml.settings import CHANNELS, INTENSITIES, SEND_SLOTS, ScoringSettings

# How far the customer and the action go together; each is a listed feature of the action's own family or channel.
MATCH_COLUMNS = (
    "topic_events_of_family_30d",
    "topic_events_of_family_90d",
    "holds_family",
    "holds_product",
    "contacts_of_channel_90d",
    "responses_of_channel_90d",
)
_LEVEL_PREFIX = "action_"


@dataclass(frozen=True)
class ActionLevels:
    """Levels of an action's parts that have a 0/1 column; a level without one leaves all of its part at 0."""

    product: tuple[str, ...]
    family: tuple[str, ...]
    channel: tuple[str, ...] = CHANNELS
    send_slot: tuple[str, ...] = SEND_SLOTS
    intensity: tuple[str, ...] = INTENSITIES

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the action's columns: levels, then matches with the customer."""
        levels = (f"{_LEVEL_PREFIX}{part}={level}" for part, names in asdict(self).items() for level in names)
        return (*levels, *MATCH_COLUMNS)

    def encode(self, customers: DecisionFrame, rows: np.ndarray, actions: pd.DataFrame) -> np.ndarray:
        """Return the action columns of (customer row, action) pairs.

        Parameters
        ----------
        customers : DecisionFrame
        rows : ndarray of int, shape (pairs,)
            Position of each pair's customer.
        actions : DataFrame
            product, family, channel, send_slot, intensity as text, one row per pair.

        Returns
        -------
        ndarray of float32, shape (pairs, len(self.columns))
        """
        blocks = []
        for part, names in asdict(self).items():
            codes = pd.Categorical(actions[part], categories=list(names)).codes
            one_hot = np.zeros((len(actions), len(names)), dtype=np.float32)
            is_known = codes >= 0
            one_hot[np.flatnonzero(is_known), codes[is_known]] = 1.0
            blocks.append(one_hot)
        return np.concatenate([*blocks, self._matches(customers, rows, actions)], axis=1)

    def _matches(self, customers: DecisionFrame, rows: np.ndarray, actions: pd.DataFrame) -> np.ndarray:
        patterns = (
            ("topic_{}_events_30d", "family"),
            ("topic_{}_events_90d", "family"),
            ("holds_{}", "family"),
            ("holds_product_{}", "product"),
            ("contacts_{}_90d", "channel"),
            ("responses_{}_90d", "channel"),
        )
        matches = np.full((len(actions), len(patterns)), np.nan, dtype=np.float32)
        for part in ("family", "product", "channel"):
            values = actions[part].to_numpy(dtype=object)
            for level in sorted({value for value in values if isinstance(value, str)}):
                pairs = np.flatnonzero(values == level)
                for column, (pattern, of_part) in enumerate(patterns):
                    if of_part == part:
                        matches[pairs, column] = customers.pick((pattern.format(level),), rows[pairs])[:, 0]
        return matches


def live_actions(products: pd.DataFrame) -> pd.DataFrame:
    """Return every live product on each of its channels.

    Parameters
    ----------
    products : DataFrame
        product_id, family, channels (a list; empty or null = every channel) and is_live.

    Returns
    -------
    DataFrame
        product, family, channel; in order of product and channel, one row per pair.
    """
    pairs = set()
    live = products[products["is_live"].astype(bool)]
    for product_id, family, channels in zip(live["product_id"], live["family"], live["channels"], strict=True):
        named = list(channels) if channels is not None and len(channels) else list(CHANNELS)
        pairs |= {(product_id, family, channel) for channel in named}
    return pd.DataFrame(sorted(pairs), columns=["product", "family", "channel"], dtype=object)


def score_actions(
    customers: DecisionFrame,
    send_slots: np.ndarray,
    intensities: np.ndarray,
    actions: pd.DataFrame,
    levels: ActionLevels,
    model: ResponseModel,
    settings: ScoringSettings,
) -> np.ndarray:
    """Return the probability of an answer for every customer and action, in bounded memory.

    Parameters
    ----------
    customers : DecisionFrame
        Tonight's rows.
    send_slots, intensities : ndarray of str, shape (customers,)
        The slot and intensity each customer would be contacted with.
    actions : DataFrame
        product, family, channel.
    levels : ActionLevels
    model : ResponseModel
    settings : ScoringSettings

    Returns
    -------
    ndarray of float, shape (customers, actions)
    """
    scores = np.empty((len(customers.keys), len(actions)))
    if model.model is None:
        scores[:] = round(model.base, 9)
        return scores
    own = [name for name in model.columns if name not in set(levels.columns)]
    for begin in range(0, len(customers.keys), settings.chunk_rows):
        rows = np.arange(begin, min(begin + settings.chunk_rows, len(customers.keys)))
        matrix = np.empty((len(rows), len(model.columns)), dtype=np.float32)
        matrix[:, : len(own)] = customers.pick(own, rows)
        for position, block in _action_blocks(customers, rows, send_slots, intensities, actions, levels):
            matrix[:, len(own) :] = block
            scores[rows, position] = model.predict(matrix)
    return scores


def _action_blocks(
    customers: DecisionFrame,
    rows: np.ndarray,
    send_slots: np.ndarray,
    intensities: np.ndarray,
    actions: pd.DataFrame,
    levels: ActionLevels,
) -> Iterator[tuple[int, np.ndarray]]:
    for position, (product, family, channel) in enumerate(
        actions[["product", "family", "channel"]].itertuples(index=False)
    ):
        described = pd.DataFrame(
            {
                "product": np.full(len(rows), product, dtype=object),
                "family": np.full(len(rows), family, dtype=object),
                "channel": np.full(len(rows), channel, dtype=object),
                "send_slot": send_slots[rows],
                "intensity": intensities[rows],
            }
        )
        yield position, levels.encode(customers, rows, described)


def reason_codes(
    customers: DecisionFrame,
    actions: pd.DataFrame,
    levels: ActionLevels,
    model: ResponseModel,
    settings: ScoringSettings,
) -> list[list[str]]:
    """Return the features that counted most for each customer's action, strongest first.

    Parameters
    ----------
    customers : DecisionFrame
        Tonight's rows.
    actions : DataFrame
        product, family, channel, send_slot, intensity of the action to explain, one row per customer.
    levels : ActionLevels
    model : ResponseModel
    settings : ScoringSettings

    Returns
    -------
    list of list of str
        ``feature:<name>:+`` where the feature speaks for an answer, ``:-`` where it speaks against; SHAP
        values of columns that are one feature are added up. Parts of the action are no reasons; without a
        trained model the lists are empty.
    """
    if model.model is None:
        return [[] for _ in range(len(customers.keys))]
    from catboost import EFstrType, Pool

    names = [name for name in model.columns if not name.startswith(_LEVEL_PREFIX)]
    groups = sorted({group_of(name) for name in names})
    membership = np.zeros((len(model.columns), len(groups)))
    for row, name in enumerate(model.columns):
        if not name.startswith(_LEVEL_PREFIX):
            membership[row, groups.index(group_of(name))] = 1.0
    own = [name for name in model.columns if name not in set(levels.columns)]
    reasons: list[list[str]] = []
    for begin in range(0, len(customers.keys), settings.chunk_rows):
        rows = np.arange(begin, min(begin + settings.chunk_rows, len(customers.keys)))
        matrix = np.concatenate([customers.pick(own, rows), levels.encode(customers, rows, actions.iloc[rows])], axis=1)
        values = model.model.get_feature_importance(
            Pool(matrix), type=EFstrType.ShapValues, thread_count=2, shap_calc_type="Regular"
        )
        reasons += _strongest(np.round(values[:, :-1] @ membership, 9), groups, settings.reasons)
    return reasons


def _strongest(values: np.ndarray, groups: Sequence[str], count: int) -> list[list[str]]:
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :count]
    picked = np.take_along_axis(values, order, axis=1)
    return [
        [f"feature:{groups[g]}:{'+' if v > 0 else '-'}" for g, v in zip(row, row_values, strict=True) if v != 0.0]
        for row, row_values in zip(order, picked, strict=True)
    ]
