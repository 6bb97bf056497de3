"""A sentence as its words in order: what a rewording is compared by.

Belongs here: reading a sentence into stems and values with the word that governs each ('from', 'without', 'per'), and
cutting it into statements that hold by themselves. The comparison itself is `rag.rewording`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rag.claims import Claim, normalise_claim_text
from rag.claims.words import LIGHT_STEMS, stem

TOKEN = re.compile(r"\{[a-z_]+\}|[a-z][a-z']*")
_PRODUCT_SLOT = "{product_name}"
STRICT = frozenset(
    (
        *("from", "to", "with", "without", "before", "after", "above", "below", "over", "under", "between", "through"),
        *("during", "within", "against", "by", "beyond", "except", "besides", "outside", "inside", "until", "since"),
        "than",
    )
)
"""Words that can't stand for one another; those of `_LOOSE` can ('a fee for a wire', 'of a wire', 'on each wire')."""
_LOOSE = frozenset(("of", "for", "on", "in", "at", "per", "each", "every"))
_TO = frozenset(("to", "into", "onto", "toward", "towards"))
_COMES = ("come", "comes")
_DETERMINERS = frozenset(("a", "an", "the", "this", "that", "these", "those", "your", "our", "its", "their"))
THINGS = frozenset(stem(word) for word in ("account", "bank", "product", "day", "time", "step", "way", "question"))
"""What a number may suddenly be said to be of ('per account'), although the words are in every message."""
_VERB = re.compile(
    r"\b(?:is|are|has|have|costs?|appl(?:y|ies)|earns?|pays?|takes?|covers?|needs?|opens?|gets?|comes?|starts?|ends?"
    r"|lasts?|falls?|receives?|keeps?|charges?|adds?|requires?|gives?|offers?|may|can|will)\b"
)
_BREAK = re.compile(r";\s*|,(?!\d)\s+(?:and\s+)?|\s+and\s+")
_DEPENDENT = re.compile(
    r"(?:which|that|who|whose|where|when|while|if|unless|except|excluding|but|only|though|although|because|so|not|or|"
    r"provided|until|after|before|with|without|for|from|in|on|at|by|of|to|as|plus|less|other|even|up|then|otherwise|"
    r"respectively)\b"
)
_PLAIN_SUBJECT = re.compile(r"[\s\-*]*(?:_+|(?:you|we|it|there|(?:the|this|your)\s+account)\b)")
_ROW = re.compile(r"\s*(?:[-*+\u2022]\s+)?[^.:;]{1,80}:\s")


@dataclass(frozen=True)
class Word:
    """A word or number of a sentence: its stem or value, its place, and what governs it."""

    stem: str
    start: int
    governor: str


@dataclass(frozen=True)
class Said:
    """A sentence, or a part of one, as its words in order.

    Attributes
    ----------
    text : str
        Normalised and lower-case, the product's name blanked out.
    words : tuple of Word
    claims : tuple of Claim
    places : tuple of int
        Of the claims in `text`.
    """

    text: str
    words: tuple[Word, ...]
    claims: tuple[Claim, ...]
    places: tuple[int, ...]

    @cached_property
    def stems(self) -> frozenset[str]:
        """All stems and values."""
        return frozenset(word.stem for word in self.words)

    @property
    def is_row(self) -> bool:
        """Whether it is a label with one value, 'Domestic wire, outgoing: $25'."""
        digits = [claim for claim in self.claims if any(sign.isdigit() for sign in claim.text)]
        return len(digits) <= 1 and bool(_ROW.match(self.text)) and not _VERB.search(self.text)

    def governors(self, name: str) -> set[str]:
        """Return what governs a stem, wherever it stands."""
        return {word.governor for word in self.words if word.stem == name}


def read_said(text: str, claims: Sequence[Claim], product_name: str, start: int, end: int) -> Said:
    """Read the part of a text between two places.

    Parameters
    ----------
    text : str
    claims : sequence of Claim
        Those of the part, placed in the whole text.
    product_name : str
    start, end : int
        Half-open, code points.
    """
    normal = normalise_claim_text(text[start:end])
    lower = normal.text.lower()
    name = normalise_claim_text(product_name).text.lower()
    if name:
        lower = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda match: "_" * len(match.group()), lower)
    inside: dict[int, Claim] = {}
    for claim in claims:
        span = [i for i in range(len(lower)) if claim.start <= normal.starts[i] + start < claim.end]
        if claim.is_numeric and any(lower[i].isdigit() for i in span):
            inside.update(dict.fromkeys(span, claim))
    found = [
        (match.group() if match.group()[0] == "{" else stem(match.group()), match.start(), match.end())
        for match in TOKEN.finditer(lower)
        if match.start() not in inside and match.group() != _PRODUCT_SLOT
    ]
    for claim in dict.fromkeys(inside.values()):
        own = [i for i in inside if inside[i] is claim]
        found.append((f"#{claim.value} {claim.unit}", min(own), max(own) + 1))
    words = tuple(_governed(sorted(found, key=lambda item: item[1]), lower))
    places = tuple(
        next((i for i in range(len(lower)) if normal.starts[i] + start >= claim.start), 0) for claim in claims
    )
    return Said(lower, words, tuple(claims), places)


def _governed(found: list[tuple[str, int, int]], text: str) -> Iterator[Word]:
    """Give every word the word that governs it: the last of 'from', 'without', 'per' ... in its phrase."""
    governor, position = "", 0
    for token, start, end in found:
        plain = text[start:end]
        is_governor = plain in _LOOSE | STRICT | _TO
        is_light = token in LIGHT_STEMS - THINGS and plain not in _DETERMINERS and not is_governor
        if is_light or re.search(r"[,;:()]|\s-\s", text[position:start]):
            governor = ""
        yield Word(token, start, governor)
        if is_governor:
            governor = "to" if plain in _TO else plain
        if token[0] == "#" or (plain == "with" and text[:start].rstrip().endswith(_COMES)):
            governor = ""
        position = end


def cut(said: Said, low: int, high: int) -> Said:
    """Return what of a sentence stands between two places."""
    own = [number for number, place in enumerate(said.places) if low <= place < high]
    return replace(
        said,
        text=" " * low + said.text[low:high],
        words=tuple(word for word in said.words if low <= word.start < high),
        claims=tuple(said.claims[number] for number in own),
        places=tuple(said.places[number] for number in own),
    )


def clauses_of(source: Said) -> list[Said]:
    """Cut a source into statements that hold by themselves: with a verb, a subject, and no word that ties them."""
    starts = [0]
    is_plain = _PLAIN_SUBJECT.match(source.text) is not None
    breaks = list(_BREAK.finditer(source.text))
    for number, match in enumerate(breaks):
        end = breaks[number + 1].start() if number + 1 < len(breaks) else len(source.text)
        piece = source.text[match.end() : end]
        is_tied = _DEPENDENT.match(piece) or (_VERB.match(piece) and not is_plain)
        if _VERB.search(piece) and not is_tied:
            starts.append(match.end())
    head = source.text[: starts[1]] if len(starts) > 1 else ""
    if _DEPENDENT.match(head.strip()) or not _VERB.search(head):
        starts = [0]
    return [cut(source, low, high) for low, high in zip(starts, [*starts[1:], len(source.text)], strict=True)]
