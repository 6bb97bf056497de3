"""Slots: the few values of a customer or an offer that are put into a proven text.

Belongs here: which slots there are, what a value of each must look like, how it is written, and the check that none
is left open. Where the values come from belongs to `rag.release`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit

from rag.briefs import SLOTS
from rag.claims import parse_claims
from rag.claims.words import NEUTRAL_STEMS, stem
from rag.quarantine import find_instructions

# 1 to 60 characters. Longer names exist, but none that was not a pasted sentence in the names looked at.
MAX_NAME_LENGTH = 40
NEUTRAL_NAME = ""
"""What stands for a first name that can't be shown: the slot is left out with the comma or space before it."""

LINK_BASE = "https://harborbank.example/"
"""Where the pages of products stand; short, since every text message carries it."""

_NAME = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,2}\.?")
_NAME_STOP_WORDS = frozenset(
    (
        "null",
        "none",
        "nan",
        "test",
        "unknown",
        "customer",
        "undefined",
        "na",
        "mr",
        "mrs",
        "assistant",
        "system",
        "user",
    )
)
_COPY_WORDS = frozenset(
    (
        *("annual", "apply", "approval", "bonus", "card", "cash", "click", "credit", "deal", "dear", "debt", "deposit"),
        *("fee", "free", "interest", "loan", "madam", "money", "now", "offer", "percentage", "rate", "save", "saving"),
        *("savings", "sir", "today", "win", "yield"),
    )
)
"""Words of advertising; a name of several words that holds one of them is a slogan."""
_SCRIPTS = ("LATIN",)
_PHONE = re.compile(r"1-\d{3}-\d{3}-\d{4}|\(\d{3}\) \d{3}-\d{4}|\d{3}-\d{3}-\d{4}")
_OPEN = re.compile(
    r"\{[^{}]*\}?|\}|\[\[|\]\]|<<|>>|%[A-Z_]{3,}%|\$\{|\*\|[^|]*\|\*|<[A-Z][^<>]{0,40}>|@@|#\w+#|_{3,}|(?-i:\bX{3,}\b)|"
    r"\[[^\[\]]{0,30}\b(?:name|customer|amount|rate|date|insert|link|bank|product|company|here|your|tbd)\b[^\[\]]{0,30}\]|"
    r"(?-i:\[[A-Z][A-Z_ ]+\])|"
    r"\b(?:dear|hi|hello|hey)\s+(?:null|none|nan|undefined|n/a|(?:valued\s+)?customer|name|first\s?name|user|friend|test)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SlotSettings:
    """Where links may lead.

    Attributes
    ----------
    link_domains : tuple of str
        Registered domains of the bank; a link leads to one of them or to a subdomain, over https.
    """

    link_domains: tuple[str, ...] = ("harborbank.example",)


def shown_name(raw: object) -> str | None:
    """Return a first name as it may be shown, or None where it can't be.

    Parameters
    ----------
    raw : object
        The value of the customer file; free text that anybody may have typed.

    Returns
    -------
    str or None
        At most `MAX_NAME_LENGTH` letters of one script, with at most two inner spaces, hyphens or apostrophes.
    """
    return _shown_name(raw) if isinstance(raw, str) else None


@lru_cache(maxsize=65_536)
def _shown_name(raw: str) -> str | None:
    name = unicodedata.normalize("NFC", raw.strip())
    if not 0 < len(name) <= MAX_NAME_LENGTH or not _NAME.fullmatch(name) or name.casefold() in _NAME_STOP_WORDS:
        return None
    if _is_slogan(name):
        return None
    letters = [character for character in name if character not in " '’-."]
    if not all(letter.isalpha() and unicodedata.name(letter, "").startswith(_SCRIPTS) for letter in letters):
        return None
    return name


def _is_slogan(name: str) -> bool:
    """Tell whether a name promises, instructs or advertises instead of naming somebody."""
    words = name.casefold().replace("-", " ").split()
    if len(words) > 1 and (_COPY_WORDS & set(words) or sum(stem(word) in NEUTRAL_STEMS for word in words) > 1):
        return True
    return bool(parse_claims(name)) or find_instructions(name) is not None


def shown_date(day: date) -> str:
    """Write a date with its month spelled out: 'December 31, 2025'."""
    return f"{day:%B} {day.day}, {day.year}"


def is_allowed_link(link: object, settings: SlotSettings) -> bool:
    """Tell whether a link is plain https to a domain of the bank, without user, port or look-alike letters."""
    if not isinstance(link, str) or not link.isascii() or re.search(r"[\s<>\"'\\]", link):
        return False
    parts = urlsplit(link)
    host = parts.hostname or ""
    if parts.scheme != "https" or parts.username is not None or parts.netloc != host or host.startswith("xn--"):
        return False
    return any(host == domain or host.endswith("." + domain) for domain in settings.link_domains)


def link_of(product_id: str, base: str = LINK_BASE) -> str:
    """Return the link to a product's page."""
    return base + product_id


def is_allowed_phone(phone: object) -> bool:
    """Tell whether a phone number is written as a US one."""
    return isinstance(phone, str) and _PHONE.fullmatch(phone) is not None


def used_slots(text: str) -> tuple[str, ...]:
    """Return the slots a text holds, each once, in the order of the list of slots."""
    return tuple(name for name in SLOTS if "{" + name + "}" in text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into a text; values are never read as slots themselves.

    Parameters
    ----------
    text : str
        With slots.
    values : mapping of slot to value
        An empty first name makes the greeting neutral: 'Hi {first_name},' becomes 'Hi,'.

    Returns
    -------
    str
        Slots without a value are left open, for `open_tokens` to find.
    """
    if values.get("first_name") == NEUTRAL_NAME:
        text = re.sub(r",?\s*\{first_name\}", "", text)
    return re.sub(r"\{(" + "|".join(SLOTS) + r")\}", lambda match: values.get(match[1], match.group()), text)


def open_tokens(text: str) -> tuple[str, ...]:
    """Return what looks like a slot that was left open or a value that was missing."""
    return tuple(match.group() for match in _OPEN.finditer(text))
