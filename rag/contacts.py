"""Contacts: the web addresses, mail addresses and phone numbers a text points at, and those that are the bank's.

Belongs here: finding them in a text as its reader would follow them, and comparing them with the bank's own list.
They are read from the text as written, not from the plain form that claims are read from: there a look-alike letter
would already be the letter it looks like.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from rag.characters import INVISIBLE

# Endings under which a bare 'name.ending' is an address even without https:// or www.
_ENDINGS = (
    "com|org|net|bank|info|biz|example|test|io|co|us|uk|eu|de|fr|ru|cn|in|app|dev|xyz|top|site|online|shop|click|link|"
    "live|club|vip|win|loan|loans|finance|money|cash|credit|page|web|me|ly|gl|gd|cc|tk|ml|ga|cf|gq|pw|ws|to|support"
)
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_ADDRESS = re.compile(
    rf"(?P<scheme>\b(?:https?|hxxps?|ftp|file|tel|mailto|javascript|data):/{{0,2}})(?P<rest>[^\s<>\"']+)"
    rf"|(?P<bare>\bwww\.[^\s<>\"']+|(?<![\w@.-])(?:{_LABEL}\.)+(?:{_ENDINGS}|xn--[a-z0-9-]+)\b(?:[:/][^\s<>\"']*)?)"
    r"|(?<![\d.])(?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?![\d.])(?:[:/]\S*)?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]+@(?P<host>[\w-]+(?:\.[\w-]+)+)")
_PHONE = re.compile(
    r"(?<![\w$.,-])(?:\+\d[\d().\s-]{6,18}\d|(?:1[-.\s])?\(?\d{3}\)?[-.\s]?\d{3}[-.\s]?\d{4}|\d{3}-\d{4}"
    r"|1-?[89]\d\d-(?=[\dA-Z-]*[A-Z])[\dA-Z-]{4,})(?![\w%-])"
)
_SHORT_CODE = re.compile(r"\b[Tt]ext\s+\S+\s+to\s+(?P<code>\d{3,6})\b")
_SPELLED = re.compile(r"\s*(?:\[\s*(?:\.|dot)\s*\]|\(\s*(?:\.|dot)\s*\)|\s(?:dot|DOT|punto)\s)\s*")


@dataclass(frozen=True)
class Contacts:
    """Where the bank may be reached.

    Attributes
    ----------
    domains : tuple of str
        Registered domains, lower case; a link or mail address leads to one of them or to a subdomain.
    phones : tuple of str
        Phone numbers, ten digits each.
    """

    domains: tuple[str, ...] = ("harborbank.example",)
    phones: tuple[str, ...] = ("8005550142", "8005550199")

    def with_texts(self, texts: Iterable[str]) -> "Contacts":
        """Return the list with what approved fixed texts point at, plain ASCII addresses over https only."""
        domains, phones = dict.fromkeys(self.domains), dict.fromkeys(self.phones)
        for text in texts:
            for kind, shown, key in _found(text):
                if kind == "phone" and len(key) == 10:
                    phones[key] = None
                elif kind in ("link", "mail") and _is_plain(shown, key):
                    domains[key.removeprefix("www.")] = None
        return Contacts(tuple(domains), tuple(phones))


def strange_contact(text: str, contacts: Contacts) -> str | None:
    """Return the first web address, mail address or phone number that is not the bank's, as written, or None.

    Parameters
    ----------
    text : str
        As the reader would see it; slots are skipped, they are verified when they are filled.
    contacts : Contacts

    Returns
    -------
    str or None
    """
    for kind, shown, key in _found(text):
        is_own = (
            key in contacts.phones
            if kind == "phone"
            else _is_plain(shown, key) and any(key == name or key.endswith("." + name) for name in contacts.domains)
        )
        if kind == "code" or not is_own:
            return shown
    return None


def _found(text: str) -> list[tuple[str, str, str]]:
    """Return (kind, as written, key) of all contacts: the host of an address, the digits of a phone number."""
    seen = INVISIBLE.sub("", text)
    plain = _SPELLED.sub(".", unicodedata.normalize("NFKC", seen))
    found = [("mail", match.group(), match["host"].lower()) for match in _MAIL.finditer(plain)]
    rest = _MAIL.sub(" ", plain)
    for match in _ADDRESS.finditer(rest):
        host = re.split(r"[/?#]", match["rest"] or match["bare"] or match["ip"], maxsplit=1)[0]
        found.append(("link", match.group().rstrip(".,;:)"), host.rstrip(".,;:)").lower()))
    rest = _ADDRESS.sub(" ", rest)
    for match in _PHONE.finditer(rest):
        digits = re.sub(r"\D", "", match.group())
        own = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
        found.append(("phone", match.group(), own if not re.search(r"[A-Z]", match.group()) else match.group()))
    found += [("code", match.group(), match["code"]) for match in _SHORT_CODE.finditer(rest)]
    return found


def _is_plain(shown: str, host: str) -> bool:
    """Tell whether an address is plain: ASCII letters, no other scheme than https, no user, port or punycode."""
    scheme = re.match(r"([a-z]+):", shown, re.IGNORECASE)
    if scheme and "@" not in shown and scheme[1] != "https":
        return False
    return shown.isascii() and re.fullmatch(r"[a-z0-9.-]+", host) is not None and "xn--" not in host
