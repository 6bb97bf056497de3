"""What a rule sees and what it says.

Belongs here: the dataclasses shared by the engine and the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from rag.claims import Claim, normalise_claim_text
from rag.contacts import Contacts

FAMILIES = ("deposit", "card", "loan", "mortgage", "investment", "insurance", "other")
PASS, FIX, WARN, BLOCK = "pass", "fix", "warn", "block"

_FLAG = ("true", "false", "not_applicable")
ATTRIBUTES = {
    "dwelling_secured": _FLAG,
    "rate_type": ("fixed", "variable", "none", "not_applicable"),
    "tiered": _FLAG,
    "stepped": _FLAG,
    "time_account": _FLAG,
    "maintenance_fee": _FLAG,
    "nondeposit": _FLAG,
    "hybrid": _FLAG,
}
"""Attributes a product must have for its rules to be decided, with the values they may hold."""


class ProductError(ValueError):
    """The catalogue lacks what the rules need to know of a product."""


@dataclass(frozen=True)
class ProductFacts:
    """A product version as the rules need it; see the input contract."""

    product_id: str
    name: str
    family: str
    legal_entity: str
    dwelling_secured: str
    rate_type: str
    tiered: str
    stepped: str
    time_account: str
    maintenance_fee: str
    nondeposit: str
    hybrid: str
    valid_to: date | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, object]) -> "ProductFacts":
        """Read a row of the catalogue.

        Raises
        ------
        ProductError
            If the family is unknown or an attribute is missing or not in its vocabulary.
        """
        family = str(row.get("family"))
        if family not in FAMILIES:
            raise ProductError(f"{row.get('product_id')}: family {family!r}; expected one of {', '.join(FAMILIES)}.")
        values = {}
        for name, allowed in ATTRIBUTES.items():
            found = row.get(name)
            # The word 'none' is a rate type, and Python's None is nothing said.
            value = found.lower() if isinstance(found, str) else ""
            if value not in allowed:
                raise ProductError(
                    f"{row.get('product_id')}: {name} is {row.get(name)!r}; expected one of {', '.join(allowed)}. "
                    "Add it to the catalogue; until then nothing about the product can be checked."
                )
            values[name] = value
        entity = row.get("legal_entity")
        last_day = row.get("valid_to_inclusive")
        return cls(
            product_id=str(row["product_id"]),
            name=str(row["name"]),
            family=family,
            legal_entity=str(entity) if isinstance(entity, str) else "",
            valid_to=_day_or_none(last_day),
            **values,
        )


def _day_or_none(value: object) -> date | None:
    """Return a date; nulls of pandas (NaT, NaN, None) become None."""
    if value is None or value != value:  # noqa: PLR0124 - only nulls differ from themselves
        return None
    day = value.date() if hasattr(value, "date") else value
    return day if isinstance(day, date) else None


@dataclass(frozen=True)
class CheckedSentence:
    """A sentence as the rules see it."""

    text: str
    role: str
    claims: tuple[Claim, ...]
    source_kinds: tuple[str, ...] = ()

    @cached_property
    def plain(self) -> str:
        """Normalised lower-case text."""
        return normalise_claim_text(self.text).text.lower()


@dataclass(frozen=True)
class Message:
    """A text about to be judged; slots unfilled.

    Attributes
    ----------
    channel, language, intensity : str
    subject : CheckedSentence or None
    sentences : tuple of CheckedSentence
        The body, in reading order.
    length : int
        Characters of the body as it is laid out, slots at their longest usual values.
    product : ProductFacts
    send_date : date
    bank_names : tuple of str
        Names the bank may sign with.
    grounding_faults : tuple of str
        What grounding found wrong.
    fee_schedule, rate_claims : tuple of Claim
        Claims of the product's fee schedules and of its rate sheets in force.
    max_characters : int
        Longest text of the channel.
    is_prescreened : bool
    firm_offer_id : str or None
    contacts : Contacts
        Addresses and phone numbers that are the bank's.
    """

    channel: str
    language: str
    intensity: str
    subject: CheckedSentence | None
    sentences: tuple[CheckedSentence, ...]
    length: int
    product: ProductFacts
    send_date: date
    bank_names: tuple[str, ...]
    max_characters: int
    grounding_faults: tuple[str, ...] = ()
    fee_schedule: tuple[Claim, ...] = ()
    rate_claims: tuple[Claim, ...] = ()
    is_prescreened: bool = False
    firm_offer_id: str | None = None
    contacts: Contacts = field(default_factory=Contacts)

    @cached_property
    def all_sentences(self) -> tuple[CheckedSentence, ...]:
        """Body and subject."""
        return self.sentences + ((self.subject,) if self.subject else ())

    @cached_property
    def text(self) -> str:
        """All text, normalised, lower case, one sentence a line."""
        return "\n".join(sentence.plain for sentence in self.all_sentences)

    @cached_property
    def body_text(self) -> str:
        """The body only, normalised, lower case, one sentence a line."""
        return "\n".join(sentence.plain for sentence in self.sentences)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Every typed claim."""
        return tuple(claim for sentence in self.all_sentences for claim in sentence.claims)

    def claims_of(self, *claim_types: str) -> tuple[Claim, ...]:
        """Return the claims of some types."""
        return tuple(claim for claim in self.claims if claim.claim_type in claim_types)

    @cached_property
    def families(self) -> frozenset[str]:
        """The product's family, and those whose terms the text names: their rules hold too."""
        found = {self.product.family}
        if self.claims_of("apy"):
            found.add("deposit")
        if self.claims_of("apr") and not found & {"card", "loan", "mortgage"}:
            found |= {"card", "loan"}
        return frozenset(found)


@dataclass(frozen=True)
class Finding:
    """What one rule says of one message.

    Attributes
    ----------
    verdict : str
        'pass', 'fix', 'warn' or 'block'.
    evidence : str
        What the rule saw, short.
    disclosures : tuple of str
        Ids of the fixed texts that would mend it, for 'fix'.
    """

    verdict: str
    evidence: str
    disclosures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One dated row of `rules.csv`; empty tuples mean all."""

    id: str
    version: str
    rule_class: str
    title: str
    citation: str
    effective_from: date
    effective_to: date | None
    jurisdictions: tuple[str, ...]
    product_families: tuple[str, ...]
    channels: tuple[str, ...]
    severity: str
    fix_disclosure_ids: tuple[str, ...]
    source_verification: str

    def is_in_force(self, day: date) -> bool:
        """Tell whether the rule holds on a day, both ends included."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    def applies_to(self, families: frozenset[str], channel: str) -> bool:
        """Tell whether the rule is evaluated for these families and this channel."""
        return (not self.product_families or bool(families & set(self.product_families))) and (
            not self.channels or channel in self.channels
        )
