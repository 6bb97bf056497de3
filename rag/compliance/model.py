"""What a rule sees and what it says.

Belongs here: the dataclasses shared by the engine and the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from rag.claims import Claim, normalise_claim_text, parse_claims
from rag.compliance.reading import readings_of
from rag.compliance.wording import find_phrase
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
IMPLIED = {
    "card": {"dwelling_secured": "false", "nondeposit": "false", "hybrid": "false", "time_account": "false"},
    "loan": {"nondeposit": "false", "hybrid": "false"},
    "mortgage": {"dwelling_secured": "true", "nondeposit": "false", "hybrid": "false"},
    "investment": {"nondeposit": "true", "dwelling_secured": "false"},
    "insurance": {"nondeposit": "true", "dwelling_secured": "false"},
    "deposit": {"dwelling_secured": "false"},
    "other": {"dwelling_secured": "false"},
}
"""What a family says of its products where the catalogue is silent; a fund or a policy is never a deposit."""


class ProductError(ValueError):
    """The catalogue lacks what the rules need to know of a product."""


class MissingAttributeError(LookupError):
    """A rule needs an attribute of the product that nobody gave; the rule blocks."""


@dataclass(frozen=True)
class ProductFacts:
    """A product version as the rules need it; see the input contract. None = not given."""

    product_id: str
    name: str
    family: str
    legal_entity: str
    dwelling_secured: str | None = None
    rate_type: str | None = None
    tiered: str | None = None
    stepped: str | None = None
    time_account: str | None = None
    maintenance_fee: str | None = None
    nondeposit: str | None = None
    hybrid: str | None = None
    valid_to: date | None = None

    def attribute(self, name: str) -> str:
        """Return an attribute that a rule can't do without.

        Raises
        ------
        MissingAttributeError
            If it was not given and the family does not imply it, or contradicts what the family implies.
        """
        implied = IMPLIED.get(self.family, {}).get(name)
        value = getattr(self, name) or implied
        if {value, implied} == {"true", "false"}:
            raise MissingAttributeError(
                f"product.{name} is {value}, and a product of family {self.family} has {implied}; mend the catalogue"
            )
        if value is None:
            raise MissingAttributeError(f"needs product.{name} ({', '.join(ATTRIBUTES[name])}), which is not given")
        return value

    def is_true(self, name: str) -> bool:
        """Tell whether an attribute is 'true'; see `attribute`."""
        return self.attribute(name) == "true"

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
    verbatim_kinds: tuple[str, ...] = ()

    @cached_property
    def plain(self) -> str:
        """Normalised lower-case text."""
        return normalise_claim_text(self.text).text.lower()

    @cached_property
    def readings(self) -> tuple[str, ...]:
        """The text as written and, where it differs, with disguised letters restored."""
        return readings_of(self.plain)

    @cached_property
    def all_claims(self) -> tuple[Claim, ...]:
        """Claims of the text and of what a disguise hides."""
        hidden = (claim for text in self.readings[1:] for claim in parse_claims(text))
        known = {claim.core for claim in self.claims}
        return self.claims + tuple(claim for claim in hidden if claim.core not in known)

    def find(self, phrases: str, *, unless: str | None = None) -> str | None:
        """Return the first phrase of a list in the sentence; see `rag.compliance.wording`."""
        return find_phrase(self.readings, phrases, unless=unless)


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
    from_name : str or None
        Sender's name of an e-mail, where it is known.
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
    from_name: str | None = None

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
        return tuple(claim for sentence in self.all_sentences for claim in sentence.all_claims)

    def claims_of(self, *claim_types: str) -> tuple[Claim, ...]:
        """Return the claims of some types."""
        return tuple(claim for claim in self.claims if claim.claim_type in claim_types)

    def find(self, phrases: str, *, unless: str | None = None, in_body: bool = False) -> str | None:
        """Return the first phrase of a list in the message, or in its body; see `rag.compliance.wording`."""
        for sentence in self.sentences if in_body else self.all_sentences:
            found = sentence.find(phrases, unless=unless)
            if found is not None:
                return found
        return None

    def says(self, phrases: str) -> bool:
        """Tell whether the body holds a phrase of a list."""
        return self.find(phrases, in_body=True) is not None

    @cached_property
    def mentioned(self) -> dict[str, tuple[CheckedSentence, ...]]:
        """Sentences that name a product of another family, by family."""
        found = {}
        for family in FAMILIES:
            if family not in ("other", self.product.family):
                unless = "harmless_card" if family == "card" else None
                naming = tuple(s for s in self.all_sentences if s.find(f"family_{family}", unless=unless))
                if naming:
                    found[family] = naming
        return found

    @cached_property
    def families(self) -> frozenset[str]:
        """The product's family, and those whose products or terms the text names: their rules hold too."""
        found = {self.product.family, *self.mentioned}
        if self.claims_of("apy"):
            found.add("deposit")
        if self.claims_of("apr") and not found & {"card", "loan", "mortgage"}:
            found |= {"card", "loan"}
        return frozenset(found)

    def about(self, *families: str) -> tuple[CheckedSentence, ...]:
        """Return the sentences the rules of some families are about: all of the own family, else those naming it."""
        if self.product.family in families or self.product.family not in FAMILIES:
            return self.all_sentences
        named = {id(s) for family in families for s in self.mentioned.get(family, ())}
        labels = {"apy"} if "deposit" in families else {"apr"} if self._has_credit_terms(families) else set()
        return tuple(
            s for s in self.all_sentences if id(s) in named or any(c.claim_type in labels for c in s.all_claims)
        )

    def _has_credit_terms(self, families: tuple[str, ...]) -> bool:
        """Tell whether annual percentage rates of the text belong to one of these credit families."""
        credit = {"card", "loan", "mortgage"}
        return self.product.family not in credit and bool(set(families) & credit & self.families)

    def attribute(self, name: str, *families: str) -> str:
        """Return an attribute of the product that a family's rule is about.

        Raises
        ------
        MissingAttributeError
            If it was not given, or the text speaks of a product of another family.
        """
        if self.product.family in families:
            return self.product.attribute(name)
        raise MissingAttributeError(
            f"the text speaks of a {' or '.join(families)}; {name} of that product is not given, only of "
            f"{self.product.name or 'the ' + self.product.family}"
        )

    @cached_property
    def is_dwelling_credit(self) -> bool:
        """Whether the message is about credit secured by a home: by its catalogue row, else by its words."""
        if self.product.family in ("loan", "mortgage"):
            return self.product.is_true("dwelling_secured") or self.find("dwelling_words") is not None
        return "mortgage" in self.families

    @cached_property
    def is_home_equity_line(self) -> bool:
        """Whether the dwelling-secured credit is open-end: a line, not a loan."""
        is_named = find_phrase((self.product.name.lower(),), "heloc_words") or self.find("heloc_words")
        return bool(is_named) and self.is_dwelling_credit


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
