"""The claim: one thing a sentence asserts, in a form in which equal means equal.

Belongs here: the dataclass, its units and its written form. How it is found in a text belongs to `rag.claims.parser`.
"""

from dataclasses import dataclass
from decimal import Decimal

from rag.claims.numbers import shown_value

CLAIM_TYPES = (
    "rate",
    "apy",
    "apr",
    "bps",
    "fee",
    "payment",
    "term",
    "amount",
    "bonus",
    "date",
    "coverage",
    "approval",
    "comparison",
    "urgency",
    "performance",
)

UNITS = {
    "mbp": "thousandth of a basis point (1 % = 100,000); percentages and basis points",
    "mbp_point": "thousandth of a basis point of difference (0.25 percentage points = 25,000)",
    "usd": "US dollars",
    "day": "days; weeks are seven",
    "month": "months; years are twelve",
    "minute": "minutes; hours are sixty",
    "date": "ISO date",
    "month_day": "--MM-DD, a date without a year",
    "year_month": "YYYY-MM",
    "word": "a word of the lexicon, no number",
    "malformed": "a number that can be read in two ways; equal to the same characters only",
}
"""Units of a claim's value; any other unit is the stem of the noun that was counted, such as 'point' or 'atm'."""


@dataclass(frozen=True)
class Claim:
    """One typed claim of a sentence.

    Attributes
    ----------
    claim_type : str
        One of `CLAIM_TYPES`.
    subject : frozenset of str
        What the value is of: {'monthly', 'maintenance'} of a fee, {'intro'} of an APR, {'minimum', 'opening'} of an
        amount; for claims without a number, the word of the lexicon, such as {'member_fdic'}.
    value : tuple of Decimal or str
        One number, the two ends of a range, or a canonical text (dates, words, malformed numbers).
    unit : str
        See `UNITS`.
    is_negative : bool
        True if the sentence denies it: 'no annual fee', 'not FDIC insured'.
    qualifiers : frozenset of str
        'up_to', 'from', 'about', 'as_low_as', 'at_least', 'more_than', 'less_than'.
    conditions : frozenset of str
        Canonical conditions, such as 'if:autopay|enrol' or 'for:12 month'.
    start, end : int
        Half-open place in the sentence as it was given, code points.
    text : str
        The words of that place.
    """

    claim_type: str
    subject: frozenset[str]
    value: tuple[Decimal, ...] | str
    unit: str
    is_negative: bool
    qualifiers: frozenset[str]
    conditions: frozenset[str]
    start: int
    end: int
    text: str

    @property
    def core(self) -> tuple:
        """All that must be equal in a source, but the conditions (they are compared as sets)."""
        return (self.claim_type, self.subject, self.value, self.unit, self.is_negative, self.qualifiers)

    @property
    def is_numeric(self) -> bool:
        """Whether the claim carries a number or a date rather than a word of the lexicon."""
        return self.unit != "word"

    @property
    def canonical(self) -> str:
        """The claim as one line of text: what `rag.template_citations.claim_value` holds."""
        parts = ["not"] if self.is_negative else []
        parts += sorted(self.qualifiers)
        parts.append(shown_value(self.value, self.unit))
        parts += [f"[{' '.join(sorted(self.subject))}]"] if self.subject and self.is_numeric else []
        parts += [f"({condition})" for condition in sorted(self.conditions)]
        return " ".join(parts)
