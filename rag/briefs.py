"""Briefs: what a text has to be written for. One brief serves every customer it fits.

Belongs here: the brief itself and its enumeration from the catalogue. How many briefs there are depends on the
catalogue (live product versions x their channels x intents x intensities), never on the customers.

Jurisdictions: `jurisdiction_group` is always 'all'. Harbor Bank's documents hold in every state where a product is
offered; retrieval refuses a passage whose document names states that do not cover the product's.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product as combinations

import pandas as pd

INTENT_NAMES = ("dormant", "browsing", "considering", "ready")
INTENSITIES = ("low", "medium", "high")
CHANNELS = ("email", "sms", "push", "in_app", "mail")
SLOTS = ("first_name", "product_name", "offer_end_date", "rate_as_of_date", "branch_phone", "link")
"""Slots a text may hold, written {first_name}; they are filled per customer, after proof."""
MAX_CHARACTERS = {"email": 4000, "sms": 306, "push": 180, "in_app": 350, "mail": 4000}
"""Longest text of a channel, disclosures and footer included; 306 = two joined SMS segments of 153."""
BRIEF_COLUMNS = (
    "product_id",
    "product_version",
    "channel",
    "intent",
    "intensity",
    "language",
    "jurisdiction_group",
)


@dataclass(frozen=True)
class Brief:
    """What one text is written for.

    Attributes
    ----------
    brief_id : str
        MD5 (hex) of the columns of `rag.briefs` below it.
    product_id, product_version : str
        Version of the product.
    channel : str
        One of `CHANNELS`.
    intent : int
        Latent intent, 0 = least ready.
    intensity : str
        One of `INTENSITIES`.
    language, jurisdiction_group : str
        'en' and 'all' (see the module's docstring).
    product_name, family : str
        From the catalogue; not part of the id, since product_version covers them.
    states : tuple of str
        States where the product is offered; empty = all.
    intent_name : str
        One of `INTENT_NAMES`.
    """

    brief_id: str
    product_id: str
    product_version: str
    channel: str
    intent: int
    intensity: str
    language: str
    jurisdiction_group: str
    product_name: str
    family: str
    states: tuple[str, ...] = ()
    intent_name: str = "browsing"


def brief_id_of(values: Iterable[object]) -> str:
    """Return the MD5 (hex) of a brief's columns in the order of `BRIEF_COLUMNS`, joined by vertical bars."""
    return hashlib.md5("|".join(str(value) for value in values).encode(), usedforsecurity=False).hexdigest()


def intent_name_of(intent: int, intents: int) -> str:
    """Name an intent of `intents` by its readiness.

    Examples
    --------
    >>> [intent_name_of(intent, 4) for intent in range(4)]
    ['dormant', 'browsing', 'considering', 'ready']
    >>> [intent_name_of(intent, 2) for intent in range(2)]
    ['dormant', 'ready']
    """
    last = len(INTENT_NAMES) - 1
    return INTENT_NAMES[last if intents <= 1 else round(intent * last / (intents - 1))]


def enumerate_briefs(products: pd.DataFrame, intents: int = 4, languages: tuple[str, ...] = ("en",)) -> pd.DataFrame:
    """Enumerate the briefs of a catalogue.

    Parameters
    ----------
    products : DataFrame
        Rows of `int_products__as_known`: at least product_id, product_version, channels (list of str), is_live.
    intents : int
        Number of latent intents.
    languages : tuple of str
        Languages to write in.

    Returns
    -------
    DataFrame
        The columns of `rag.briefs`, one row per brief, ordered by `BRIEF_COLUMNS`; only live product versions.

    Raises
    ------
    ValueError
        If a channel is not in the vocabulary.
    """
    rows = []
    for row in products.loc[products["is_live"].astype(bool)].to_dict("records"):
        channels = sorted(set(row["channels"]))
        strange = sorted(set(channels) - set(CHANNELS))
        if strange:
            raise ValueError(f"{row['product_id']}: channel {strange[0]!r}; expected one of {', '.join(CHANNELS)}.")
        for channel, intent, intensity, language in combinations(channels, range(intents), INTENSITIES, languages):
            values = (row["product_id"], row["product_version"], channel, intent, intensity, language, "all")
            rows.append((brief_id_of(values), *values))
    frame = pd.DataFrame(rows, columns=["brief_id", *BRIEF_COLUMNS])
    frame["intent"] = frame["intent"].astype("int32")
    return frame.sort_values(list(BRIEF_COLUMNS), kind="stable").reset_index(drop=True)


def briefs_of(frame: pd.DataFrame, products: pd.DataFrame, intents: int = 4) -> list[Brief]:
    """Turn rows of `rag.briefs` into briefs, with what the catalogue says of their products.

    Parameters
    ----------
    frame : DataFrame
        As `enumerate_briefs` returns it.
    products : DataFrame
        Rows of `int_products__as_known`: product_id, product_version, name, family, states (list of str or null).
    intents : int
        Number of latent intents.

    Returns
    -------
    list of Brief
        In the order of `frame`.

    Raises
    ------
    KeyError
        If a brief names a product version that the catalogue lacks.
    """
    known = {(row["product_id"], row["product_version"]): row for row in products.to_dict("records")}
    briefs = []
    for row in frame.to_dict("records"):
        version = known[(row["product_id"], row["product_version"])]
        # No states means null in the warehouse, which pandas hands over as None or as a float.
        states = version["states"] if hasattr(version["states"], "__len__") else ()
        fields = {name: str(row[name]) for name in ("brief_id", *BRIEF_COLUMNS) if name != "intent"}
        briefs.append(
            Brief(
                **fields,
                intent=int(row["intent"]),
                product_name=str(version["name"]),
                family=str(version["family"]),
                states=tuple(sorted(str(state) for state in states)),
                intent_name=intent_name_of(int(row["intent"]), intents),
            )
        )
    return briefs
