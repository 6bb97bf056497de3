"""The rows and columns that the decision's models see: features, intents and embeddings over one spine.

What belongs here: putting the three beside each other, row for row, and picking columns and splits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.encoder import EncoderModel
from ml.feature_sets import INTENT_FEATURES, Manifest, build_matrix, embedding_columns
from ml.intent import IntentModel


@dataclass(frozen=True)
class Sequences:
    """Weekly signals of spine rows.

    Parameters
    ----------
    keys : DataFrame
        customer_id, as_of_date, in the order of ``values``.
    values : ndarray of float32, shape (B, T, C)
    observed_weeks : ndarray of int, shape (B,)
    """

    keys: pd.DataFrame
    values: np.ndarray
    observed_weeks: np.ndarray

    def take(self, rows: np.ndarray) -> "Sequences":
        """Return some rows."""
        return Sequences(self.keys.iloc[rows].reset_index(drop=True), self.values[rows], self.observed_weeks[rows])


@dataclass(frozen=True)
class DecisionFrame:
    """Spine rows as a matrix with named columns.

    Parameters
    ----------
    keys : DataFrame
        customer_id, as_of_date and split, one row per row of ``matrix``.
    matrix : ndarray of float32, shape (rows, len(columns))
    columns : tuple of str
    """

    keys: pd.DataFrame
    matrix: np.ndarray
    columns: tuple[str, ...]

    def pick(self, columns: Sequence[str], rows: np.ndarray | None = None) -> np.ndarray:
        """Return some columns, of all or some rows; a column this frame lacks is all missing."""
        position = {name: index for index, name in enumerate(self.columns)}
        source = self.matrix if rows is None else self.matrix[rows]
        picked = np.full((len(source), len(columns)), np.nan, dtype=np.float32)
        for target, name in enumerate(columns):
            if name in position:
                picked[:, target] = source[:, position[name]]
        return picked

    def rows_of(self, split: str) -> np.ndarray:
        """Return the positions of the rows of one split."""
        return np.flatnonzero((self.keys["split"] == split).to_numpy())


def check_same_rows(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Refuse two frames whose (customer_id, as_of_date) differ row for row.

    Raises
    ------
    ValueError
        If they do; the message counts the rows.
    """
    names = ["customer_id", "as_of_date"]
    if len(left) != len(right) or not all((left[name].to_numpy() == right[name].to_numpy()).all() for name in names):
        raise ValueError(
            f"Features ({len(left)} rows) and sequences ({len(right)} rows) are not the same customers and snapshots "
            "in the same order. Read both ordered by customer_id, as_of_date, and build both from one spine."
        )


def decision_frame(
    features: pd.DataFrame,
    sequences: Sequences,
    manifest: Manifest,
    intents: IntentModel,
    encoder: EncoderModel,
) -> DecisionFrame:
    """Return features, intents and embeddings side by side.

    Parameters
    ----------
    features : DataFrame
        Rows of ``int_customers__features`` ordered by customer_id, as_of_date.
    sequences : Sequences
        The same rows of ``int_customers__sequences``.
    manifest : Manifest
    intents : IntentModel
    encoder : EncoderModel

    Raises
    ------
    ValueError
        If the two frames do not hold the same rows.
    """
    check_same_rows(features, sequences.keys)
    blocks = [
        build_matrix(features, manifest),
        intents.features(sequences.values, sequences.observed_weeks),
        encoder.embed(sequences.values, sequences.observed_weeks),
    ]
    columns = (*manifest.columns, *INTENT_FEATURES, *embedding_columns(encoder.embedding_size))
    keys = features[["customer_id", "as_of_date", "split"]].reset_index(drop=True)
    return DecisionFrame(keys, np.concatenate(blocks, axis=1), columns)
