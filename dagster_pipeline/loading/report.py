"""What one night's load did, for the run's output: counts, rejects by rule, and what a missing file switches off.

What belongs here: sentences and sums over what was loaded.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb


@dataclass(frozen=True)
class FileCount:
    """Rows of one file: read = loaded + rejected."""

    file: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int


@dataclass(frozen=True)
class LoadReport:
    """One night's load.

    Attributes
    ----------
    as_of_date : date
        The night.
    is_first_night : bool
        Whether it loaded all history.
    files : list of FileCount
        In order of the file names.
    rejects_by_rule : dict of str to int
        Rejects of the night.
    planted : list of (str, int, int)
        Of a simulated bank: kind of defect, planted in tonight's files, caught.
    notes : list of str
        What is missing and what that switches off, in plain words.
    """

    as_of_date: date
    is_first_night: bool
    files: list[FileCount] = field(default_factory=list)
    rejects_by_rule: dict[str, int] = field(default_factory=dict)
    planted: list[tuple[str, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        """Rows of all files."""
        return sum(count.rows_read for count in self.files)

    @property
    def rows_loaded(self) -> int:
        """Rows that entered a raw table."""
        return sum(count.rows_loaded for count in self.files)

    @property
    def rows_rejected(self) -> int:
        """Rows that broke a rule."""
        return sum(count.rows_rejected for count in self.files)

    def summary(self) -> str:
        """Return the load in a few lines."""
        lines = [
            f"Loaded {self.rows_loaded:,} of {self.rows_read:,} rows from {len(self.files)} files for "
            f"{self.as_of_date}; {self.rows_rejected:,} rejected."
        ]
        if self.rejects_by_rule:
            lines.append("Rejects: " + ", ".join(f"{rule} {n:,}" for rule, n in self.rejects_by_rule.items()) + ".")
        if self.planted:
            told = ", ".join(f"{kind} {caught:,} of {planted:,}" for kind, planted, caught in self.planted)
            lines.append(f"Planted defects caught: {told}.")
        return "\n".join([*lines, *self.notes])


MISSING_FILE_NOTES = {
    "products": "No products: Harbor Bank's default catalogue stands in.",
    "transactions": "No transactions: features of money, spending and income are empty.",
    "events": "No events: features of app and web behaviour are empty, and nothing is suppressed by complaint, "
    "dispute, hardship or opt-out events.",
    "consents": "No consents: nobody has agreed to be contacted, so everything is decided and nothing is sent.",
    "holdings": "No holdings: nobody is known to hold a product, so products that need another one are offered to "
    "nobody, and there are no openings to learn the next product from.",
    "contacts": "No contacts: there are no answers to learn channel, send slot, intensity and response from.",
    "documents": "No documents: Harbor Bank's default corpus stands in; messages can cite only what it says.",
}


def degraded_notes(con: duckdb.DuckDBPyConnection, night: date, unjudged: frozenset[str] = frozenset()) -> list[str]:
    """Return one sentence per missing file, as known on ``night``, and per thing the data cannot tell.

    Parameters
    ----------
    unjudged : frozenset of str
        Files of which nothing is said: they are there, but what they hold must be mended first.
    """
    notes = []
    for name, note in MISSING_FILE_NOTES.items():
        if name in unjudged:
            continue
        own = "and source_file not like 'default:%'" if name in ("products", "documents") else ""
        query = f"select count(*) from (select 1 from raw.{name} where loaded_as_of_date <= ? {own} limit 1)"
        if not con.execute(query, [night]).fetchall()[0][0]:
            notes.append(note)
    for name, tell in (
        ("transactions", _balance_notes),
        ("documents", _document_notes),
        ("customers", _customer_notes),
        ("contacts", _contact_notes),
    ):
        notes += [] if name in unjudged else tell(con, night)
    return notes


def _balance_notes(con: duckdb.DuckDBPyConnection, night: date) -> list[str]:
    """Tell where transactions come without any balance."""
    rows, balances = con.execute(
        "select count(*), count(balance_usd) from raw.transactions where loaded_as_of_date <= ?", [night]
    ).fetchall()[0]
    if not rows or balances:
        return []
    return [
        "No balance_usd in transactions: balances are not known, and features of them are empty; balance_proxy_usd, "
        "the sum of all amounts so far, stands alone."
    ]


def _document_notes(con: duckdb.DuckDBPyConnection, night: date) -> list[str]:
    """Tell where nothing can be written: no document, the default corpus included, is in force on the send date."""
    send_date = night + timedelta(days=1)
    in_force = con.execute(
        "select count(*) from raw.documents where loaded_as_of_date <= $night and valid_from <= $send_date "
        "and coalesce(valid_to >= $send_date, true)",
        {"night": night, "send_date": send_date},
    ).fetchall()[0][0]
    return [] if in_force else [f"No document is in force on {send_date}, the send date: no message can be written."]


def _customer_notes(con: duckdb.DuckDBPyConnection, night: date) -> list[str]:
    customers, states, zones, births = con.execute(
        "select count(*), count(state), count(timezone), "
        "(select count(birth_date) from raw.customers_protected where loaded_as_of_date <= $night) "
        "from raw.customers where loaded_as_of_date <= $night",
        {"night": night},
    ).fetchall()[0]
    if not customers:
        return []
    notes = []
    if not states:
        notes.append("No customer has a state: products limited to states are offered to nobody.")
    if not zones:
        notes.append("No customer has a timezone: quiet hours are kept in every zone of the state, else in the bank's.")
    if not births:
        notes.append("No birth_date: products with a least age are offered to nobody.")
    return notes


def _contact_notes(con: duckdb.DuckDBPyConnection, night: date) -> list[str]:
    """Tell what a contact log can't teach: an action that never varied."""
    if not con.execute("select count(*) from (select 1 from raw.contacts limit 1)").fetchall()[0][0]:
        return []
    products, mixed, slots, intensities, probabilities, controls = con.execute(
        """
        with treated as (
            select * from raw.contacts where loaded_as_of_date <= $night and arm = 'treatment'
        )
        select
            (select count(distinct product_id) from treated),
            (select count(*) from (select 1 from treated group by product_id having count(distinct channel) > 1)),
            (select count(distinct send_slot) from treated),
            (select count(distinct intensity) from treated),
            (select count(action_probability) from raw.contacts where loaded_as_of_date <= $night),
            (select count(*) from raw.contacts where loaded_as_of_date <= $night and arm = 'control')
        """,
        {"night": night},
    ).fetchall()[0]
    if not products:
        return []
    notes = []
    if not mixed:
        notes.append(
            "Every product was contacted on one channel only: the effect of a channel can't be told from that of "
            "the product."
        )
    if slots == 1:
        notes.append("All contacts were in one send slot: nothing can be learned about the time of day.")
    if intensities == 1:
        notes.append("All contacts had one intensity: nothing can be learned about intensity.")
    if not probabilities:
        notes.append("No action_probability: the old policy's choices can't be weighed against another policy.")
    if not controls:
        notes.append("No control rows: the effect of a contact can't be told from what happens without one.")
    return notes
