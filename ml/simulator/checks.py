"""Checks of the parameters: the shape of every table, and distributions that sum to one.

What belongs here: what a type can't say. Ranges of single numbers stand beside them in ``parameters``.
"""

from collections.abc import Mapping
from typing import Any

from ml.simulator.vocabulary import (
    CHANNELS,
    EVENT_TYPES,
    INTENSITIES,
    INTENTS,
    PRODUCTS,
    SEGMENTS,
    SERVICE_TYPES,
    SLOTS,
    SPENDING,
    TRAITS,
)

_S, _R, _Z, _P, _C, _I = SEGMENTS, TRAITS, INTENTS, len(PRODUCTS), len(CHANNELS), len(INTENSITIES)
_STATES, _MONTHS, _WEEK, _DAY_PARTS, _LONGEST_DELAY = 10, 12, 7, 6, 5

SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "population": {
        "segment_share": (_S,),
        "trait_share": (_S, _R),
        "age_years": (_S, 2),
        "tenure_years": (_S,),
        "state_share": (_STATES,),
        "income_usd": (_S,),
        "pension_share": (_S,),
        "housing_share": (_S, 2),
        "housing_cost": (_S,),
        "holding_first": (_S, _P),
        "consent_first": (_S, _C),
    },
    "intents": {
        "first": (_Z,),
        "transition": (_Z, _Z),
        "after_opening": (_Z,),
        "segment_tilt": (_S,),
        "season_tilt": (_MONTHS,),
    },
    "interest": {"product_weight": (_S, _P), "trait_factor": (_R, _P), "focus": (_Z,)},
    "events": {
        "rate": (_Z, len(EVENT_TYPES)),
        "segment_factor": (_S,),
        "price_check": (_R,),
        "app_share": (_S,),
        "hours": (_S, _DAY_PARTS),
    },
    "spending": {
        "rate": (_S, len(SPENDING)),
        "amount_usd": (_S, len(SPENDING)),
        "amount_sigma": (len(SPENDING),),
        "intent_amount": (_Z,),
        "intent_transfers": (_Z,),
        "trait_discretionary": (_R,),
        "season": (len(SPENDING), _MONTHS),
        "weekday": (len(SPENDING), _WEEK),
        "utilities_usd": (_S,),
        "utilities_season": (_MONTHS,),
        "interest_usd": (_S,),
    },
    "balances": {},
    "openings": {"by_intent": (_Z,), "segment_factor": (_S,), "closing": (_P,), "death": (_S,)},
    "service": {"start": (len(SERVICE_TYPES),), "mean_days": (len(SERVICE_TYPES),)},
    "campaigns": {"slot_share": (SLOTS,), "intensity_share": (_I,)},
    "responses": {
        "channel": (_C,),
        "intent": (_Z,),
        "segment_channel": (_S, _C),
        "segment_slot": (_S, SLOTS),
        "intent_intensity": (_Z, _I),
        "trait_intensity": (_R, _I),
        "conversion": (_Z,),
        "opened": (_C,),
        "opt_out_intensity": (_I,),
        "opt_out_trait": (_R,),
        "put_off": (_R, _I),
        "conversion_delay": (_LONGEST_DELAY,),
    },
}
"""Shape of every parameter that is a table, by group and name."""

DISTRIBUTIONS = (
    ("population", "segment_share"),
    ("population", "trait_share"),
    ("population", "state_share"),
    ("intents", "first"),
    ("intents", "transition"),
    ("intents", "after_opening"),
    ("campaigns", "slot_share"),
    ("campaigns", "intensity_share"),
    ("responses", "conversion_delay"),
)
"""Tables whose rows sum to 1."""

_SLACK = 1e-9


def check_parameters(groups: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse tables of another shape, and distributions that do not sum to 1.

    Parameters
    ----------
    groups : mapping of str to mapping of str to Any
        Parameters by group and name, tables as nested tuples.

    Raises
    ------
    ValueError
        Naming the parameter, what was found and what was expected.
    """
    for group, fields in SHAPES.items():
        for name, shape in fields.items():
            found = _shape(groups[group][name])
            if found != shape:
                raise ValueError(f"{group}.{name} has the shape {found}; expected {shape}.")
    for group, name in DISTRIBUTIONS:
        table = groups[group][name]
        for row in table if isinstance(table[0], tuple) else (table,):
            if abs(sum(row) - 1) > _SLACK:
                raise ValueError(f"{group}.{name} has a row that sums to {sum(row)}; expected 1. The row: {row}.")
    for rents, owns in groups["population"]["housing_share"]:
        if rents + owns > 1:
            raise ValueError(f"population.housing_share has a row that sums to {rents + owns}; expected at most 1.")


def _shape(table: Any) -> tuple[int, ...]:
    """Return the shape of a tuple or tuple of tuples; ragged rows give (-1,)."""
    if not isinstance(table, tuple):
        return ()
    inner = {_shape(row) for row in table}
    return (len(table), *inner.pop()) if len(inner) == 1 else (-1,)
