"""The guard against leaks: no honest model beats the ideal observer of the history that it learned from.

What belongs here: a model's test losses customer by customer, their paired difference to the observer's on the same
labels, and the suspicion that follows when the model's is the smaller one. Only a simulated bank has an observer.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml.evaluation import bootstrap_weights, metric_row
from ml.settings import EvaluationSettings

EXCESS = "log_loss_over_observer"
_PREFIX = "test_loss_"
_COLUMNS = ("target", "customer_id", "log_loss", "label_count")


@dataclass
class CustomerLosses:
    """Log losses on the test split, summed by target and customer."""

    parts: list[pd.DataFrame] = field(default_factory=list)

    def add(self, target: str, customers: np.ndarray, losses: np.ndarray) -> None:
        """Add one target's losses, one element per label.

        Parameters
        ----------
        target : str
        customers : ndarray of str, shape (rows,)
            Customer ids.
        losses : ndarray of float, shape (rows,)
            In nats.
        """
        names, codes = np.unique(np.asarray(customers).astype(str), return_inverse=True)
        sums, counts = np.bincount(codes, losses), np.bincount(codes)
        self.parts.append(pd.DataFrame(dict(zip(_COLUMNS, (target, names, sums, counts), strict=True))))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return what an artefact stores."""
        table = pd.concat(self.parts) if self.parts else pd.DataFrame(columns=_COLUMNS)
        arrays = {name: table[name].to_numpy() for name in _COLUMNS}
        return {
            f"{_PREFIX}{name}": values.astype(str) if name in ("target", "customer_id") else values.astype(np.float64)
            for name, values in arrays.items()
        }


def stored_losses(arrays: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return target, customer_id, log_loss, label_count from an artefact's arrays."""
    return pd.DataFrame({name: arrays[f"{_PREFIX}{name}"] for name in _COLUMNS})


def excess_over_observer(model: pd.DataFrame, observer: pd.DataFrame, settings: EvaluationSettings) -> list[dict]:
    """Return by how much a model's log loss lies above the ideal observer's, paired by customer.

    Parameters
    ----------
    model, observer : DataFrame
        target, customer_id, log_loss (sum, in nats), label_count. Customers whose labels differ are left out.
    settings : EvaluationSettings

    Returns
    -------
    list of dict
        Rows of ``ml.model_metrics`` without a version: mean per label with the 95 % interval of a bootstrap over
        customers. Below zero with all of its interval: a suspicion.

    Examples
    --------
    >>> model = pd.DataFrame({"target": "product", "customer_id": ["a", "b"], "log_loss": [0.4, 0.6], "label_count": 1})
    >>> settings = EvaluationSettings(min_rows=2)
    >>> excess_over_observer(model, model.assign(log_loss=0.3), settings)[0]["value"]
    0.2
    """
    both = model.merge(observer, on=["target", "customer_id", "label_count"], suffixes=("", "_observer"))
    rows = []
    for target, unordered in both.groupby("target", sort=True):
        if len(unordered) < settings.min_rows:
            continue
        part = unordered.sort_values("customer_id", kind="stable")
        difference = (part["log_loss"] - part["log_loss_observer"]).to_numpy()
        labels = part["label_count"].to_numpy(dtype=np.float64)
        _, drawn = bootstrap_weights(part["customer_id"].to_numpy(), settings.resamples, settings.seed)
        low, high = np.quantile((drawn @ difference) / (drawn @ labels), [0.025, 0.975])
        row = metric_row(EXCESS, "all", difference.sum() / labels.sum(), low, high)
        rows.append({"model_name": str(target), "split": "test", **row})
    return rows


def leak_notes(rows: list[dict]) -> list[str]:
    """Return a remark for every model that is better than the files allow."""
    return [
        f"Leak suspected: {row['model_name']} beats the ideal observer of the same files by {-row['value']:.4f} nats "
        f"(95 % interval {-row['high']:.4f} to {-row['low']:.4f}), which no model can that reads nothing else; look "
        "for a feature that knows the label's month or the bank's truth."
        for row in rows
        if row["metric"] == EXCESS and row["high"] < 0
    ]
