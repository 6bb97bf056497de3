"""Personal data in a text: what belongs to a person, looked for before a prompt is sent and after a text is written.

Belongs here: the patterns, with the checksum of payment cards. Mail addresses and phone numbers that are not the
bank's own belong to `rag.contacts`.
"""

import re
import unicodedata

from rag.characters import INVISIBLE
from rag.contacts import Contacts, strange_contact

_CARD = re.compile(r"(?<![\d.,$-])\d(?:[ -]?\d){12,18}(?![\d%])")
_PATTERNS = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("a social security number", r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])"),
        (
            "a social security number",
            r"\b(?:ssn|social\s+security(?:\s+(?:number|no\.?|#))?)\W{0,3}(?:is\s+)?\d[\d -]{3,}",
        ),
        (
            "an account number",
            r"\b(?:account|acct|card|routing|iban|member|customer|loan)\s*(?:number|no\.?|num|id|#)?\s*"
            r"(?:ending\s+(?:in\s+)?|:|#|is|\s)\s*[x*•]*\d(?:[ -]?\d){3,}(?![\d,]*\s*(?:%|dollars|points|months|days))",
        ),
        ("an account number", r"[x*•]{2,}[ -]?\d{4}\b"),
        ("an account number", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b(?<=\d)"),
        (
            "a date of birth",
            r"\b(?:dob|d\.o\.b\.?|date\s+of\s+birth|born(?:\s+on)?|birthday|birth\s*date)\W{0,3}"
            r"(?:is\s+)?[\w ,./-]{0,14}\d",
        ),
        (
            "a date of birth",
            r"\b(?:dob|d\.o\.b\.?|date\s+of\s+birth|birthday|birth\s*date)\b[\w :,./-]{0,40}\b(?:19|20)\d\d\b",
        ),
        (
            "a balance",
            r"\b(?:your|his|her|their|current|available|outstanding)\s+(?:\w+\s+)?balance\W{0,3}(?:(?:of|is|was|at)\s+)?\$?\s?\d",
        ),
        (
            "a balance",
            r"\b(?:you|he|she|they|customer)\s+(?:have|has|owe[sd]?|had|holds?)\s+\$(?![\d,.]*\s+or\s+(?:more|less))\d",
        ),
        ("a balance", r"\b(?:has|have|holds?|owes?)\s+\$\s?[\d,]+\.\d\d\b"),
        ("a person's name", r"\b(?-i:Mr|Mrs|Ms|Miss)\.?\s+(?-i:[A-Z][a-z]+)"),
    )
)


def personal_data(text: str, contacts: Contacts | None = None) -> str | None:
    """Name the first kind of personal data a text holds, or None.

    Parameters
    ----------
    text : str
        A prompt, or a text about to be released.
    contacts : Contacts, optional
        The bank's own addresses and numbers; None = not asked for.

    Returns
    -------
    str or None
        The kind in plain words, never the data itself.
    """
    plain = unicodedata.normalize("NFKC", INVISIBLE.sub("", text))
    for match in _CARD.finditer(plain):
        if is_card_number(match.group()):
            return "a payment card number"
    for name, pattern in _PATTERNS:
        if pattern.search(plain):
            return name
    strange = strange_contact(text, contacts) if contacts else None
    if strange is None:
        return None
    return "a mail address" if "@" in strange else "a phone number or address that is not the bank's"


def is_card_number(text: str) -> bool:
    """Tell whether the digits of a text pass the checksum of payment cards (Luhn, ISO/IEC 7812-1)."""
    digits = [int(character) for character in text if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
