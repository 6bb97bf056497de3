"""Weekly signals as arrays: B customers, T weeks, C signals.

What belongs here: reading fixed-length lists into one array, and scaling. One row of
``int_customers__sequences`` holds, per signal, a list of T = 26 weeks, oldest first; its last element is
the seven days that end on as_of_date, and weeks before the customer was observed are 0.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

WEEKS = 26
SIGNALS = (
    "txn_count",
    "inflow_usd",
    "outflow_usd",
    "app_event_count",
    "high_intent_count",
    "topic_deposit",
    "topic_card",
    "topic_loan",
    "topic_mortgage",
    "topic_investment",
    "topic_insurance",
    "topic_other",
    "contact_count",
    "response_count",
)


def sequence_array(table: pa.Table) -> np.ndarray:
    """Return the signals of an Arrow table as one array, without a Python list in between.

    Parameters
    ----------
    table : pyarrow.Table
        One list column of numbers per signal, each list ``WEEKS`` long.

    Returns
    -------
    ndarray of float32, shape (B, T, C)

    Raises
    ------
    ValueError
        If a list has another length or is null.
    """
    sequences = np.zeros((table.num_rows, WEEKS, len(SIGNALS)), dtype=np.float32)  # B, T, C
    for channel, name in enumerate(SIGNALS):
        column = table.column(name).combine_chunks()
        flat = column.flatten()
        if len(flat) != table.num_rows * WEEKS or column.null_count or flat.null_count:
            raise ValueError(
                f"Signal {name}: found {len(flat)} values over {table.num_rows} rows ({column.null_count} null lists), "
                f"expected {WEEKS} values a row and none null. Mend int_customers__sequences."
            )
        sequences[:, :, channel] = flat.to_numpy(zero_copy_only=False).reshape(table.num_rows, WEEKS)  # B, T
    return sequences


def observed_mask(observed_weeks: np.ndarray) -> np.ndarray:
    """Return which weeks were observed: the last ``observed_weeks`` of each row.

    Parameters
    ----------
    observed_weeks : ndarray of int, shape (B,)

    Returns
    -------
    ndarray of bool, shape (B, T)
    """
    first = WEEKS - np.clip(observed_weeks, 0, WEEKS)
    return np.arange(WEEKS)[None, :] >= first[:, None]  # B, T


@dataclass(frozen=True)
class Scaler:
    """Mean and deviation of log signals over the observed weeks of the training rows, and of no other."""

    mean: np.ndarray  # C
    deviation: np.ndarray  # C

    @classmethod
    def fit(cls, sequences: np.ndarray, mask: np.ndarray) -> "Scaler":
        """Learn the scale on training rows.

        Parameters
        ----------
        sequences : ndarray of float32, shape (B, T, C)
        mask : ndarray of bool, shape (B, T)
            Observed weeks.
        """
        observed = np.log1p(np.maximum(sequences[mask], 0.0)).astype(np.float64)  # observed weeks, C
        if not len(observed):
            return cls(np.zeros(sequences.shape[2]), np.ones(sequences.shape[2]))
        deviation = observed.std(axis=0)
        return cls(observed.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0))

    def transform(self, sequences: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return scaled signals with the mask as one more channel; unobserved weeks are all 0.

        Returns
        -------
        ndarray of float32, shape (B, T, C + 1)
        """
        batch, weeks, channels = sequences.shape
        scaled = np.zeros((batch, weeks, channels + 1), dtype=np.float32)  # B, T, C + 1
        np.log1p(np.maximum(sequences, 0.0), out=scaled[:, :, :channels])
        scaled[:, :, :channels] -= self.mean.astype(np.float32)
        scaled[:, :, :channels] /= self.deviation.astype(np.float32)
        scaled[:, :, channels] = 1.0
        scaled *= mask[:, :, None]
        return scaled
