"""The allow-list of features and the matrix that models see.

What belongs here: which columns a model may read (nothing else reaches one), how the bank's own
attributes and held products become columns, and the five feature sets that the ablation compares.
A column that is not listed stops training: that is the guard against a protected attribute or a
free-text note slipping in.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

FAMILIES = ("deposit", "card", "loan", "mortgage", "investment", "insurance", "other")
_CHANNELS = ("email", "sms", "push", "in_app", "mail")
_WINDOWS = (7, 30, 90)

STATIC_FEATURES = (
    "tenure_days",
    "household_size",
    "products_held",
    *(f"holds_{family}" for family in FAMILIES),
    "consented_channels",
    "days_since_last_opening",
)
MONEY_FEATURES = (
    *(f"inflow_usd_{days}d" for days in _WINDOWS),
    *(f"outflow_usd_{days}d" for days in _WINDOWS),
    "net_flow_usd_30d",
    "balance_proxy_usd",
    "balance_usd",
    "lowest_balance_ratio_30d",
    "spend_trend_30d",
    "mean_outflow_usd_30d",
    "max_outflow_usd_30d",
    "income_usd_30d",
    "housing_usd_30d",
    "essentials_usd_30d",
    "discretionary_usd_30d",
    "transfer_usd_30d",
    "fees_usd_30d",
)
PAYMENT_ACTIVITY_FEATURES = (
    *(f"txn_count_{days}d" for days in _WINDOWS),
    "active_days_30d",
    "days_since_last_txn",
)
ENGAGEMENT_FEATURES = (
    *(f"app_event_count_{days}d" for days in _WINDOWS),
    "days_since_last_event",
    *(f"high_intent_events_{days}d" for days in _WINDOWS),
    *(f"topic_{family}_events_{days}d" for family in FAMILIES for days in (30, 90)),
)
CONTACT_FEATURES = (
    "contacts_30d",
    "contacts_90d",
    "responses_30d",
    "responses_90d",
    "opens_90d",
    *(f"contacts_{channel}_90d" for channel in _CHANNELS),
    *(f"responses_{channel}_90d" for channel in _CHANNELS),
    "days_since_last_contact",
)
TEMPORAL_FEATURES = (
    *PAYMENT_ACTIVITY_FEATURES,
    *MONEY_FEATURES,
    *ENGAGEMENT_FEATURES,
    *CONTACT_FEATURES,
    "openings_90d",
    "closings_90d",
)
KEY_COLUMNS = ("customer_id", "as_of_date", "split", "is_tonight", "is_month_end", "is_window_complete")
NESTED_COLUMNS = ("held_product_ids", "attributes")

INTENT_FEATURES = ("intent_0", "intent_1", "intent_2", "intent_3", "readiness", "readiness_change_4w")
# How strongly a customer is addressed must not follow from money, distress or the bank's own attributes
# (rule C-06), so the intensity model reads engagement, contacts and holdings only. Intents are read from events;
# where a bank has none they come from payments, but then nobody has answered and there is no intensity to learn.
INTENSITY_FEATURES = (*ENGAGEMENT_FEATURES, *CONTACT_FEATURES, "consented_channels", "products_held", *INTENT_FEATURES)
FEATURE_SETS = ("static", "static+temporal", "static+temporal+intent", "static+temporal+embedding", "all")
# The set each one is measured against: the largest one it contains; static is measured against class frequencies.
COMPARED_WITH = {
    "static": "base",
    "static+temporal": "static",
    "static+temporal+intent": "static+temporal",
    "static+temporal+embedding": "static+temporal",
    "all": "static+temporal+intent",
}

# 2 to 200 levels of a text attribute; more is free text or a name, which never becomes a feature.
MAX_TEXT_LEVELS = 50
# Words in an attribute's name that point to a prohibited basis (rule C-01) or a presumptive proxy (C-02).
_PROHIBITED_WORDS = re.compile(
    "age|birth|birthday|birthdate|birthplace|dob|gender|sex|race|racial|colou?r|ethnicity|ethnic|religion|religious|"
    "nationality|national|citizenship|country|marital|married|spouse|pregnant|pregnancy|child|children|kids|family|"
    "familial|dependents|disability|disabled|handicap|military|veteran|orientation|language|zip|zipcode|postcode|"
    "postal|tract|surname|name|school|church|welfare|assistance"
)


class UnlistedColumnError(ValueError):
    """A column that no allow-list names was about to become a feature."""


@dataclass(frozen=True)
class Manifest:
    """What the columns of a matrix are, learned on the training rows and kept with the model.

    Parameters
    ----------
    numbers : tuple of str
        Attributes read as numbers (booleans as 0 and 1), ``attr_<name>``.
    texts : tuple of (str, tuple of str)
        Text attributes with their levels, each a 0/1 column ``attr_<name>=<level>``.
    products : tuple of str
        Products with a 0/1 column ``holds_product_<id>``.
    """

    numbers: tuple[str, ...] = ()
    texts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    products: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix' columns, in order."""
        levels = tuple(f"{name}={level}" for name, text_levels in self.texts for level in text_levels)
        held = tuple(f"holds_product_{product_id}" for product_id in self.products)
        return (*STATIC_FEATURES, *self.numbers, *levels, *held, *TEMPORAL_FEATURES)

    def to_state(self) -> dict:
        """Return the manifest as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict) -> "Manifest":
        """Return the manifest that ``to_state`` wrote."""
        texts = tuple((name, tuple(levels)) for name, levels in state["texts"])
        return cls(tuple(state["numbers"]), texts, tuple(state["products"]))


def check_columns(columns: Sequence[str]) -> None:
    """Refuse a feature table whose columns are not exactly the contracted ones.

    Raises
    ------
    UnlistedColumnError
        If a column is not on the allow-list.
    ValueError
        If a listed column is missing.
    """
    allowed = {*KEY_COLUMNS, *NESTED_COLUMNS, *STATIC_FEATURES, *TEMPORAL_FEATURES}
    unlisted = sorted(set(columns) - allowed)
    if unlisted:
        raise UnlistedColumnError(
            f"The feature table holds columns that are on no allow-list: {unlisted}. Add each to STATIC_FEATURES or "
            "TEMPORAL_FEATURES after checking it against the rules for features, or drop it from the model."
        )
    missing = sorted(allowed - set(columns))
    if missing:
        raise ValueError(f"The feature table lacks {missing}; expected every column of the allow-list. Build it again.")


def is_prohibited(attribute: str) -> bool:
    """Say whether an attribute's name points to a prohibited basis.

    Examples
    --------
    >>> is_prohibited("attr_gender"), is_prohibited("attr_income_usd"), is_prohibited("attr_ageGroup")
    (True, False, True)
    """
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", attribute.removeprefix("attr_")).lower())
    return any(_PROHIBITED_WORDS.fullmatch(word) for word in words)


def _attribute_frame(attributes: pd.Series) -> pd.DataFrame:
    """Return one column per attribute name; equal JSON texts are parsed once."""
    texts = attributes.fillna("{}").astype(str).to_numpy(dtype=object)
    distinct, codes = np.unique(texts, return_inverse=True)
    parsed = pd.DataFrame([json.loads(text) or {} for text in distinct])
    columns = {
        name if name.startswith("attr_") else f"attr_{name}": parsed[name].to_numpy(dtype=object)[codes]
        for name in sorted(parsed.columns)
    }
    return pd.DataFrame(columns, index=range(len(texts)))


def _as_numbers(values: pd.Series) -> pd.Series | None:
    """Return the values as numbers, or None when some are text."""
    present = values.dropna()
    if present.map(lambda value: isinstance(value, (bool, int, float))).all():
        return pd.to_numeric(values.map(lambda value: float(value) if value is not None else np.nan), errors="coerce")
    return None


def learn_manifest(frame: pd.DataFrame, product_ids: Sequence[str]) -> tuple[Manifest, list[str]]:
    """Decide from the training rows which attribute is a number, which a category, and which stays out.

    Parameters
    ----------
    frame : DataFrame
        Training rows of ``int_customers__features``.
    product_ids : sequence of str
        Products of the catalogue.

    Returns
    -------
    Manifest
        Columns of the matrix.
    list of str
        Remarks for the run report: attributes left out, and why.
    """
    numbers, texts, notes = [], [], []
    attributes = _attribute_frame(frame["attributes"])
    for name in attributes.columns:
        values = attributes[name]
        if is_prohibited(name):
            notes.append(f"{name} is no feature: its name points to a prohibited basis; give it as protected_*.")
            continue
        if values.dropna().empty:
            continue
        if _as_numbers(values) is not None:
            numbers.append(name)
            continue
        levels = values.dropna().astype(str).value_counts()
        if len(levels) > MAX_TEXT_LEVELS:
            notes.append(
                f"{name} is no feature: {len(levels)} distinct texts, at most {MAX_TEXT_LEVELS} are a category."
            )
            continue
        texts.append((name, tuple(sorted(levels.index))))
    return Manifest(tuple(numbers), tuple(texts), tuple(sorted(set(product_ids)))), notes


def _held_matrix(held: pd.Series, product_ids: Sequence[str]) -> np.ndarray:
    """Return a 0/1 array (rows, products) of held products."""
    lists = [values if values is not None else () for values in held.to_numpy(dtype=object)]
    lengths = np.array([len(values) for values in lists], dtype=np.int64)
    flat = np.array([product for values in lists for product in values], dtype=object)
    matrix = np.zeros((len(lists), len(product_ids)), dtype=np.float32)
    position = {product_id: index for index, product_id in enumerate(product_ids)}
    columns = np.array([position.get(product, -1) for product in flat], dtype=np.int64)
    rows = np.repeat(np.arange(len(lists)), lengths)
    is_known = columns >= 0
    matrix[rows[is_known], columns[is_known]] = 1.0
    return matrix


def build_matrix(frame: pd.DataFrame, manifest: Manifest) -> np.ndarray:
    """Return the features of ``frame`` as the model's matrix.

    A level or product the manifest does not know leaves its columns at 0; a missing number stays NaN.

    Parameters
    ----------
    frame : DataFrame
        Rows of ``int_customers__features``, every contracted column and no other.
    manifest : Manifest
        Columns learned on the training rows.

    Returns
    -------
    ndarray of float32, shape (rows, len(manifest.columns))

    Raises
    ------
    UnlistedColumnError
        If the frame holds a column that is on no allow-list.
    """
    check_columns(list(frame.columns))
    blocks = [frame[list(STATIC_FEATURES)].to_numpy(dtype=np.float32, na_value=np.nan)]
    if manifest.numbers or manifest.texts:
        attributes = _attribute_frame(frame["attributes"])
        missing = pd.Series(np.nan, index=range(len(frame)), dtype=object)
        for name in manifest.numbers:
            numbers = pd.to_numeric(attributes.get(name, missing), errors="coerce")
            blocks.append(numbers.to_numpy(dtype=np.float32, na_value=np.nan)[:, None])
        for name, levels in manifest.texts:
            values = attributes.get(name, missing).astype(str).to_numpy(dtype=object)
            blocks.append((values[:, None] == np.array(levels, dtype=object)[None, :]).astype(np.float32))
    blocks.append(_held_matrix(frame["held_product_ids"], manifest.products))
    blocks.append(frame[list(TEMPORAL_FEATURES)].to_numpy(dtype=np.float32, na_value=np.nan))
    return np.concatenate(blocks, axis=1)


def columns_of(feature_set: str, manifest: Manifest, embedding_size: int) -> tuple[str, ...]:
    """Return the column names of one of the five feature sets, in the order of the full matrix.

    Raises
    ------
    ValueError
        If the set has no such name.
    """
    if feature_set not in FEATURE_SETS:
        raise ValueError(f"Found feature set {feature_set!r}, expected one of {FEATURE_SETS}.")
    chosen = [name for name in manifest.columns if name not in set(TEMPORAL_FEATURES)]
    if feature_set != "static":
        chosen += TEMPORAL_FEATURES
    if feature_set in ("static+temporal+intent", "all"):
        chosen += INTENT_FEATURES
    if feature_set in ("static+temporal+embedding", "all"):
        chosen += embedding_columns(embedding_size)
    return tuple(chosen)


def embedding_columns(size: int) -> tuple[str, ...]:
    """Return ``embedding_00`` to the last one."""
    return tuple(f"embedding_{index:02d}" for index in range(size))


def group_of(column: str) -> str:
    """Return the feature a person knows a column by: levels, intents and embedding cells go together.

    Examples
    --------
    >>> group_of("attr_job=clerk"), group_of("intent_2"), group_of("embedding_07"), group_of("txn_count_30d")
    ('attr_job', 'intent', 'weekly_behaviour', 'txn_count_30d')
    """
    if column in INTENT_FEATURES:
        return "intent"
    if column.startswith("embedding_"):
        return "weekly_behaviour"
    return column.split("=", 1)[0]
