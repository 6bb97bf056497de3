"""The bank's catalogue as arrays: who may be offered or may open what.

What belongs here: reading ``products.csv`` and the conditions on state, age and holdings.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.simulator.calendar import Month
from ml.simulator.vocabulary import CHANNELS, PRODUCTS, TOPICS

BoolArray = npt.NDArray[np.bool_]

PRODUCTS_FILE = Path(__file__).with_name("products.csv")
STATES = ("US-NY", "US-NJ", "US-PA", "US-MA", "US-CT", "US-FL", "US-TN", "US-TX", "US-AZ", "US-CA")
# Zones of each state: the bank's own zone first in the tuple of all zones. Tennessee and Florida lie in two.
ZONES = ("America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles")
STATE_ZONES: dict[str, tuple[int, ...]] = {"US-TN": (1, 1, 0), "US-TX": (1,), "US-AZ": (2,), "US-CA": (3,)}


@dataclass(frozen=True)
class Version:
    """One version of a product: its validity and the channels it may be offered on."""

    valid_from: date
    valid_to: date
    channels: BoolArray


@dataclass(frozen=True)
class Catalogue:
    """Products in the order of ``PRODUCTS``.

    Attributes
    ----------
    topic : array of int, shape (J,)
        Position of each product's family in ``TOPICS``.
    min_age_days : array of int, shape (J,)
        Least age.
    in_state : array of bool, shape (states, J)
        Whether it is sold there.
    requires, excludes : array of bool, shape (J, J)
        Row j: products of which one must be held, and none may be held.
    versions : dict of int to list of Version
        By position.
    """

    topic: npt.NDArray[np.int64]
    min_age_years: npt.NDArray[np.int64]
    in_state: BoolArray
    requires: BoolArray
    excludes: BoolArray
    versions: dict[int, list[Version]]

    def channels(self, month: Month) -> BoolArray:
        """Return which channels each product may be offered on in a month, shape (J, channels); none = not live."""
        allowed = np.zeros((len(PRODUCTS), len(CHANNELS)), dtype=bool)
        for product, versions in self.versions.items():
            for version in versions:
                if version.valid_from <= month.first <= version.valid_to:
                    allowed[product] = version.channels
        return allowed

    def eligible(self, held: BoolArray, state: npt.NDArray[np.int64], age_years: npt.NDArray[np.int64]) -> BoolArray:
        """Return which products each customer may open: not held, allowed by state, age and holdings.

        Parameters
        ----------
        held : array of bool, shape (n, J)
        state : array of int, shape (n,)
            Positions in ``STATES``.
        age_years : array of int, shape (n,)

        Returns
        -------
        array of bool, shape (n, J)
        """
        counts = held.astype(np.float32)
        has_required = (counts @ self.requires.T.astype(np.float32) > 0) | ~self.requires.any(axis=1)
        has_excluded = counts @ self.excludes.T.astype(np.float32) > 0
        is_of_age = age_years[:, None] >= self.min_age_years
        return ~held & has_required & ~has_excluded & is_of_age & self.in_state[state]


def _listed(text: str, names: tuple[str, ...]) -> BoolArray:
    wanted = set(text.split("|")) if text else set()
    return np.array([name in wanted for name in names])


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """Read ``products.csv``.

    Raises
    ------
    ValueError
        If its products are not those the parameters speak of.
    """
    with PRODUCTS_FILE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = list(dict.fromkeys(row["product_id"] for row in rows))
    if tuple(found) != PRODUCTS:
        raise ValueError(f"{PRODUCTS_FILE.name} holds {found}; expected {list(PRODUCTS)} as in parameters.py.")
    last = {row["product_id"]: row for row in rows}
    ordered = [last[name] for name in PRODUCTS]
    versions: dict[int, list[Version]] = {}
    for row in rows:
        valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
        channels = _listed(row["channels"], CHANNELS) if row["channels"] else np.ones(len(CHANNELS), dtype=bool)
        version = Version(date.fromisoformat(row["valid_from"]), valid_to, channels)
        versions.setdefault(PRODUCTS.index(row["product_id"]), []).append(version)
    in_state = np.stack(
        [_listed(row["states"], STATES) if row["states"] else np.ones(len(STATES), bool) for row in ordered]
    )
    return Catalogue(
        topic=np.array([TOPICS.index(row["family"]) for row in ordered]),
        min_age_years=np.array([int(row["min_age"] or 0) for row in ordered]),
        in_state=in_state.T,
        requires=np.stack([_listed(row["requires_product_id"], PRODUCTS) for row in ordered]),
        excludes=np.stack([_listed(row["excludes_product_id"], PRODUCTS) for row in ordered]),
        versions=versions,
    )
