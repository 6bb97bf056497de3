"""What is true of a product, from its sheets' rows, without the product's own parser or checker.

Belongs here: the numbers that the rows of a product's rate and fee sheets hold, by unit, and whether every number of
a sentence is one of them. It can only refute: a sentence whose numbers all stand in the sheets may still be false,
and one without a number is not judged. Both are judged by hand (`labels.csv`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from rag.documents import Document

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_VALUES = (
    ("usd", re.compile(rf"\$\s?({_NUMBER})")),
    ("percent", re.compile(rf"({_NUMBER})\s?(?:%|percent\b)")),
    ("months", re.compile(rf"({_NUMBER})[\s-](?:months?)\b")),
    ("years", re.compile(rf"({_NUMBER})[\s-](?:years?)\b")),
    ("days", re.compile(rf"({_NUMBER})[\s-](?:business |calendar )?(?:days?)\b")),
    ("number", re.compile(rf"(?<![\d.$,])({_NUMBER})")),
)
_YIELD = re.compile(r"\bAPY\b|annual percentage yield", re.IGNORECASE)
_CREDIT_RATE = re.compile(r"\bAPR\b|annual percentage rate", re.IGNORECASE)
_RATE_UNITS = {"yield": _YIELD, "credit rate": _CREDIT_RATE}
_NAMES = re.compile(r"\{[a-z_]+\}|12-Month CD|24/7", re.IGNORECASE)
"""Slots, and numbers that are names and no terms."""

Facts = Mapping[str, frozenset[Decimal]]


def values_of(text: str) -> list[tuple[str, Decimal]]:
    """Return the numbers of a text with their units, each number once, the most specific unit first.

    Examples
    --------
    >>> values_of("Earn 3.85% APY with $100 for 12 months.")
    [('usd', Decimal('100')), ('percent', Decimal('3.85')), ('months', Decimal('12'))]
    """
    rest = _NAMES.sub(" ", text)
    found = []
    for unit, pattern in _VALUES:
        for match in pattern.finditer(rest):
            found.append((unit, Decimal(match[1].replace(",", "").rstrip("."))))
        rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    return found


def facts_of(documents: Iterable[Document]) -> dict[str, frozenset[Decimal]]:
    """Return the numbers of some sheets by unit; 'yield' and 'credit rate' hold the percents of rows that name them."""
    facts: dict[str, set[Decimal]] = defaultdict(set)
    for document in documents:
        for line in document.text.splitlines():
            values = values_of(line)
            for unit, value in values:
                facts[unit].add(value)
            for name, pattern in _RATE_UNITS.items():
                if pattern.search(line):
                    facts[name] |= {value for unit, value in values if unit == "percent"}
    return {unit: frozenset(values) for unit, values in facts.items()}


def refutes(facts: Facts, sentence: str) -> bool | None:
    """Say whether the sheets refute a sentence: a number they don't hold, or a rate under another name.

    Returns
    -------
    bool or None
        None where the sentence names no number, so that the sheets can't tell.
    """
    values = values_of(sentence)
    if not values:
        return None
    known = frozenset().union(*facts.values()) if facts else frozenset()
    for unit, value in values:
        wanted = facts.get(unit, frozenset()) if unit != "number" else known
        if value not in wanted:
            return True
    percents = [value for unit, value in values if unit == "percent"]
    named = [name for name, pattern in _RATE_UNITS.items() if pattern.search(sentence)]
    if percents and len(named) == 1:
        return not any(value in facts.get(named[0], frozenset()) for value in percents)
    return False
