"""Readings: a sentence as written, and as a reader takes it although letters are set apart or swapped for digits.

Belongs here: taking such disguises off. Hidden characters and look-alike letters are gone before
(`rag.claims.normalise`). Only words of the list `disguised` are restored, so that '401(k)' and '2nd' stay what they
are: a reading can only make more phrases match, never fewer.
"""

import re
from functools import cache, lru_cache
from itertools import pairwise, product

from rag.compliance.wording import word_list

_LEET = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "il", "+": "t", "€": "e", "£": "l", "(": "c", "¡": "i",
}  # fmt: skip
_TOKEN = re.compile(r"[a-z0-9@$!|+€£(¡']*[a-z][a-z0-9@$!|+€£(¡']*")
_SPACED = re.compile(r"(?<![a-z0-9])[a-z0-9@$!|](?:[ \-._*~·]{1,3}[a-z0-9@$!|](?![a-z0-9])){2,}(?![a-z0-9])")
_INNER_MARK = re.compile(r"(?<![a-z])[a-z]+(?:[.*_|~^`·][a-z]+)+(?![a-z])")
_LONG_RUN = re.compile(r"([a-z])\1{2,}")
_WORD = re.compile(r"[a-z']+")
# Swapped letters in one word: each may be read in two ways, so eight give at most 256 words to try.
_MOST_SWAPS = 8


@lru_cache(maxsize=16384)
def readings_of(plain: str) -> tuple[str, ...]:
    """Return the readings of a sentence.

    Parameters
    ----------
    plain : str
        Normalised lower-case text.

    Returns
    -------
    tuple of str
        The text itself, then the text without disguises where that differs.
    """
    text = _INNER_MARK.sub(_without_mark, plain)
    text = _SPACED.sub(_joined, text)
    text = _TOKEN.sub(_without_swaps, text)
    text = _WORD.sub(_without_run, text) if _LONG_RUN.search(text) else text
    text = _mended(text)
    return (plain,) if text == plain else (plain, text)


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(word_list("disguised"))


def _without_mark(match: re.Match[str]) -> str:
    """Drop marks inside a word of the list: 'gua.ranteed'; a web address stays as it is."""
    word = re.sub(r"[^a-z]", "", match.group())
    return word if word in _vocabulary() else match.group()


def _without_run(match: re.Match[str]) -> str:
    """Read 'freeeee' as 'free' and 'lassst' as 'last': a run of three or more is two letters or one."""
    twice, once = _LONG_RUN.sub(r"\1\1", match.group()), _LONG_RUN.sub(r"\1", match.group())
    if twice in _vocabulary():
        return twice
    return once if once in _vocabulary() else match.group()


def _joined(match: re.Match[str]) -> str:
    """Write letters that stand apart as the words they spell; a wide gap ends a word."""
    parts = re.split(r"(?<=\w)[ \-._*~·]{2,3}", match.group())
    if all(len(part) == 1 for part in parts):
        parts = [match.group()]
    words = [re.sub(r"[ \-._*~·]", "", part) for part in parts]
    if any(sum(sign.isalpha() for sign in word) < 2 for word in words) and len(words) == 1:
        return match.group()
    return " ".join(_segmented(_unleet(word) or word) for word in words)


def _segmented(letters: str) -> str:
    """Cut letters into words of the list, longest first; where that fails they stay one word."""
    best: list[list[str] | None] = [[]] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(end):
            head = best[start]
            if head is not None and letters[start:end] in _vocabulary():
                candidate = [*head, letters[start:end]]
                current = best[end]
                if current is None or len(candidate) < len(current):
                    best[end] = candidate
    whole = best[len(letters)]
    return " ".join(whole) if whole else letters


def _without_swaps(match: re.Match[str]) -> str:
    token = match.group()
    return (_unleet(token) or token) if any(sign in _LEET for sign in token) else token


def _unleet(token: str) -> str | None:
    """Return the word of the list that a token with swapped letters spells, marks at its end kept, or None."""
    body = token.rstrip("!'(")
    tail = token[len(body) :]
    swaps = [sign for sign in body if sign in _LEET]
    if not body or len(swaps) > _MOST_SWAPS:
        return None
    for letters in product(*(_LEET.get(sign, sign) for sign in body)):
        word = "".join(letters)
        if word in _vocabulary() or word.replace("'", "") in _vocabulary() or word in ("you're", "can't", "won't"):
            return word + tail
    return None


def _mended(text: str) -> str:
    """Join two or three neighbouring scraps that make a word of the list only together: 'guar anteed'."""
    words = list(_WORD.finditer(text))
    for count in (3, 2):
        for at in range(len(words) - count + 1):
            parts = words[at : at + count]
            whole = "".join(part.group() for part in parts)
            between = [text[left.end() : right.start()] for left, right in pairwise(parts)]
            is_scrap = all(part.group() not in _vocabulary() for part in parts)
            if whole in _vocabulary() and len(whole) > 3 and is_scrap and all(gap in (" ", "-") for gap in between):
                return _mended(text[: parts[0].start()] + whole + text[parts[-1].end() :])
    return text
