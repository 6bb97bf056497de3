"""The input contract as data: files, columns, vocabularies, keys, references and rules across columns.

What belongs here: what a row must look like. How a value is read belongs to ``parsing``, how rows are judged to
``validation``. Names of rules are what ``raw.rejects.rule`` holds.
"""

from dataclasses import dataclass
from typing import Literal

CHANNELS = ("email", "sms", "push", "in_app", "mail")
FAMILIES = ("deposit", "card", "loan", "mortgage", "investment", "insurance", "other")
INTENSITIES = ("low", "medium", "high")
SEND_SLOTS = ("0", "1", "2", "3")
RESPONSES = ("none", "opened", "clicked", "converted", "opted_out")
TRISTATE = ("true", "false", "not_applicable")

ATTRIBUTE_PREFIX = "attr_"
PROTECTED_PREFIX = "protected_"


@dataclass(frozen=True)
class Rule:
    """A rule of the door: what a row that broke it is like, and what to do about it."""

    meaning: str
    mend: str


RULES = {
    "malformed_row": Rule(
        "the line does not have the header's number of fields",
        "give every row all columns, empty ones too; quote values that hold the delimiter, a quote or a line break, "
        "and close every quote",
    ),
    "bad_encoding": Rule("the line holds bytes that are not UTF-8", "export the file as UTF-8"),
    "malformed_value": Rule(
        "a value is not of its column's type, form or range", "export the column in the form that is expected"
    ),
    "missing_value": Rule("a value that every row needs is empty", "fill it, or leave the row out of the export"),
    "unexpected_value": Rule(
        "a value stands where the contract wants none", "empty it, or mend the column that contradicts it"
    ),
    "unknown_code": Rule(
        "a value is outside the column's vocabulary", "map your codes to the ones expected when you export"
    ),
    "unknown_customer": Rule(
        "no accepted customer has this customer_id",
        "deliver the customer too, or mend its own row if that was rejected",
    ),
    "unknown_product": Rule(
        "no product known tonight has this product_id", "add the product to products, past ones too"
    ),
    "impossible_date": Rule(
        "a date that does not exist, is out of bounds, or lies before what it must follow",
        "mend the date; leave it empty where there is none, instead of a stand-in such as 0001-01-01",
    ),
    "duplicate_row": Rule(
        "the row stands in this load, or is known from an earlier night, already",
        "nothing is lost; deliver every row once if the copies are not meant",
    ),
    "conflicting_key": Rule(
        "an earlier row of this load has the same key and other content",
        "deliver one row per key: the latest; the first was loaded",
    ),
    "bad_document": Rule("the document can't be read", "mend the document as its message says"),
}

Kind = Literal["text", "list", "date", "instant", "decimal", "integer", "number"]


@dataclass(frozen=True)
class Column:
    """A column of the contract.

    Attributes
    ----------
    name : str
        Name in the file and in the raw table.
    kind : str
        How its text is read; ``list`` = names joined by a vertical bar.
    must_exist : bool
        Whether a file without the column is refused.
    must_have_value : bool
        Whether an empty value rejects the row.
    vocabulary : tuple of str
        All values it may hold (of a list: its elements); empty = any.
    vocabulary_query : str
        SQL query that returns the vocabulary where it is too long to list.
    pattern, pattern_hint : str
        Regular expression the whole value (of a list: each element) must match, and it in words.
    minimum, maximum : int or None
        Bounds of a number, both inclusive.
    may_lie_ahead : bool
        A date that may lie after the latest date of the settings: the end of a validity.
    is_protected : bool
        Never shown in rejects: they are published.
    is_lowered : bool
        Read in lower case (True, TRUE and true are one word in other tools).
    """

    name: str
    kind: Kind = "text"
    must_exist: bool = False
    must_have_value: bool = False
    vocabulary: tuple[str, ...] = ()
    vocabulary_query: str = ""
    pattern: str = ""
    pattern_hint: str = ""
    minimum: int | None = None
    maximum: int | None = None
    may_lie_ahead: bool = False
    is_protected: bool = False
    is_lowered: bool = False


@dataclass(frozen=True)
class RowRule:
    """A rule across columns: rows for which ``condition`` (SQL over the columns as read) holds are rejected."""

    rule: str
    column: str
    condition: str
    message: str


@dataclass(frozen=True)
class FileContract:
    """One file of the contract: its columns in the raw table's order, key, references and row rules."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    refers_to: tuple[str, ...] = ()
    row_rules: tuple[RowRule, ...] = ()
    has_attributes: bool = False

    @property
    def required_columns(self) -> tuple[str, ...]:
        """Names of the columns a file must have."""
        return tuple(column.name for column in self.columns if column.must_exist)

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """Names of the columns a file may lack."""
        return tuple(column.name for column in self.columns if not column.must_exist)


def _needed(name: str, kind: Kind = "text", **rules: object) -> Column:
    return Column(name, kind, must_exist=True, must_have_value=True, **rules)  # type: ignore[arg-type]


def _tristate(name: str) -> Column:
    return Column(name, vocabulary=TRISTATE, is_lowered=True)


_STATE_PATTERN = "[A-Z]{2}-[A-Z0-9]{1,3}"
_STATE_HINT = "an ISO 3166-2 code such as US-NY"

CUSTOMERS = FileContract(
    name="customers",
    columns=(
        _needed("customer_id"),
        _needed("joined_on", "date"),
        Column("first_name"),
        Column("household_id"),
        Column("state", pattern=_STATE_PATTERN, pattern_hint=_STATE_HINT),
        Column(
            "timezone",
            vocabulary_query="select name from pg_timezone_names()",
            pattern_hint="an IANA time zone such as America/New_York",
        ),
        Column("language", pattern="[a-z]{2}", pattern_hint="two lower-case letters of ISO 639-1 such as en"),
        Column("birth_date", "date", is_protected=True),
    ),
    key=("customer_id",),
    row_rules=(RowRule("impossible_date", "birth_date", "birth_date > joined_on", "birth_date lies after joined_on"),),
    has_attributes=True,
)

TRANSACTIONS = FileContract(
    name="transactions",
    columns=(
        _needed("transaction_id"),
        _needed("customer_id"),
        _needed("posted_at", "instant"),
        _needed("amount", "decimal"),
        Column("category", must_exist=True),
        Column("counterparty_type"),
        Column("balance_usd", "decimal"),
    ),
    key=("transaction_id",),
    refers_to=("customer",),
)

EVENTS = FileContract(
    name="events",
    columns=(
        _needed("event_id"),
        _needed("customer_id"),
        _needed("occurred_at", "instant"),
        _needed("event_type"),
        Column("topic"),
        Column("channel"),
    ),
    key=("event_id",),
    refers_to=("customer",),
)

CONSENTS = FileContract(
    name="consents",
    columns=(
        _needed("customer_id"),
        _needed("channel", vocabulary=CHANNELS),
        _needed("purpose"),
        _needed("status", vocabulary=("granted", "withdrawn")),
        _needed("changed_at", "instant"),
        Column("source"),
        Column("evidence_text"),
    ),
    key=("customer_id", "channel", "purpose", "changed_at"),
    refers_to=("customer",),
)

PRODUCTS = FileContract(
    name="products",
    columns=(
        _needed("product_id"),
        _needed("name"),
        _needed("family", vocabulary=FAMILIES),
        _needed("margin", "decimal"),
        _needed("valid_from", "date"),
        Column("valid_to", "date", may_lie_ahead=True),
        Column("channels", "list", vocabulary=CHANNELS),
        Column("states", "list", pattern=_STATE_PATTERN, pattern_hint=_STATE_HINT),
        Column("min_age", "integer", minimum=0, maximum=130),
        Column("requires_product_id", "list"),
        Column("excludes_product_id", "list"),
        _tristate("dwelling_secured"),
        Column("rate_type", vocabulary=("fixed", "variable", "none", "not_applicable"), is_lowered=True),
        _tristate("tiered"),
        _tristate("stepped"),
        _tristate("time_account"),
        _tristate("maintenance_fee"),
        Column("fee_conditions"),
        _tristate("nondeposit"),
        _tristate("hybrid"),
        Column("legal_entity"),
    ),
    key=("product_id", "valid_from"),
    row_rules=(RowRule("impossible_date", "valid_to", "valid_to < valid_from", "valid_to lies before valid_from"),),
)

HOLDINGS = FileContract(
    name="holdings",
    columns=(
        _needed("customer_id"),
        _needed("product_id"),
        _needed("opened_on", "date"),
        Column("closed_on", "date"),
    ),
    key=("customer_id", "product_id", "opened_on"),
    refers_to=("customer", "product"),
    row_rules=(RowRule("impossible_date", "closed_on", "closed_on < opened_on", "closed_on lies before opened_on"),),
)

_ACTION = ("product_id", "channel", "send_slot", "intensity")

CONTACTS = FileContract(
    name="contacts",
    columns=(
        _needed("contact_id"),
        _needed("customer_id"),
        _needed("sent_at", "instant"),
        Column("product_id", must_exist=True),
        Column("channel", must_exist=True, vocabulary=CHANNELS),
        Column("send_slot", "integer", must_exist=True, vocabulary=SEND_SLOTS),
        Column("intensity", must_exist=True, vocabulary=INTENSITIES),
        _needed("arm", vocabulary=("treatment", "control")),
        Column("action_probability", "number", minimum=0, maximum=1),
        _needed("response", vocabulary=RESPONSES),
        Column("responded_at", "instant", must_exist=True),
    ),
    key=("contact_id",),
    refers_to=("customer", "product"),
    row_rules=(
        *(
            RowRule("unexpected_value", name, f"arm = 'control' and {name} is not null", f"a control row has a {name}")
            for name in _ACTION
        ),
        *(
            RowRule("missing_value", name, f"arm = 'treatment' and {name} is null", f"a treatment row lacks {name}")
            for name in _ACTION
        ),
        RowRule(
            "unexpected_value",
            "response",
            "arm = 'control' and response not in ('none', 'converted')",
            "a control row can only have converted, or none",
        ),
        RowRule(
            "missing_value",
            "responded_at",
            "response <> 'none' and responded_at is null",
            "a response needs its instant in responded_at",
        ),
        RowRule(
            "unexpected_value",
            "responded_at",
            "response = 'none' and responded_at is not null",
            "responded_at is set and the response is none",
        ),
        RowRule("impossible_date", "responded_at", "responded_at < sent_at", "responded_at lies before sent_at"),
        RowRule("malformed_value", "action_probability", "action_probability = 0", "a chosen action has probability 0"),
    ),
)

FILES: tuple[FileContract, ...] = (CUSTOMERS, PRODUCTS, TRANSACTIONS, EVENTS, CONSENTS, HOLDINGS, CONTACTS)
"""In the order of loading: what others refer to comes first."""

FILES_BY_NAME = {contract.name: contract for contract in FILES}
