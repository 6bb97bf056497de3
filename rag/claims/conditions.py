"""Conditions: the phrases that bind a claim ('with direct deposit', 'if paid in full', 'for 12 months').

Words of time ('for a while', 'usually', 'always') are conditions too. Belongs here: finding them and bringing them to a
canonical form, in which order, inflection and filler words do not count and numbers do. Which claims a condition binds
is decided by `rag.claims.parser`.
"""

import re
from dataclasses import dataclass

from rag.claims import lexicon
from rag.claims.numbers import find_numbers, shown_value
from rag.claims.words import EMPTY_CONDITION_WORDS, FILLER_WORDS, stem

_MARKERS = re.compile(
    "|".join(rf"(?P<m{index}>\b(?:{pattern})\b)" for index, (_, _, pattern) in enumerate(lexicon.CONDITION_MARKERS))
)
_END = re.compile(r"[;()!?\n]|,(?!\d{3})(?!\s(?:19|20)\d\d)|\.(?!\d)|\bthen\b|\bbut\b| - ")


# 'or more' is part of an amount; any other 'or' and 'and' tells whether one part is enough, and is kept.
_OR_MORE = re.compile(r"\b(?:or|and)\s+(?:(more|above|over|higher|up)|(?:less|under|below|lower|fewer))\b")
# A phrase of place or time ('for 48 months at ...') ends before the next statement.
_END_OF_PHRASE = re.compile(
    _END.pattern + r"|\bat\s+(?=\d)|\b(?:means?|is|are|has|have|equals?|costs?)\b|\band\s+(?=(?:an?\s+)?\$?\d)"
)


@dataclass(frozen=True)
class Condition:
    """One condition in a sentence, with its canonical form and what it binds."""

    canonical: str
    binds_clause: bool
    start: int
    end: int


def find_conditions(text: str) -> list[Condition]:
    """Return the conditions of a normalised, lower-case sentence, left to right.

    Parameters
    ----------
    text : str
        Names and slots blanked out by underscores.

    Returns
    -------
    list of Condition
    """
    found, text = _time_limits(text)
    marks = list(_MARKERS.finditer(text))
    for position, mark in enumerate(marks):
        name, binds_clause, _ = lexicon.CONDITION_MARKERS[int(mark.lastgroup[1:])]  # type: ignore[index]
        stop = (_END if binds_clause else _END_OF_PHRASE).search(text, mark.end())
        end = stop.start() if stop else len(text)
        if position + 1 < len(marks):
            end = min(end, marks[position + 1].start())
        content = canonical_content(text[mark.end() : end])
        if content and not set(content.split("|")) <= EMPTY_CONDITION_WORDS:
            found.append(Condition(f"{name}:{content}", binds_clause, mark.start(), end))
    return found


def _time_limits(text: str) -> tuple[list[Condition], str]:
    """Return how long or how often the text says that something holds, and the text without those words."""
    matches = list(lexicon.TIME_LIMIT.finditer(text))
    found = [Condition("time:" + " ".join(match[0].split()), True, *match.span()) for match in matches]
    return found, lexicon.TIME_LIMIT.sub(lambda match: " " * len(match[0]), text)


def canonical_content(text: str) -> str:
    """Return the content words of a phrase, stemmed and sorted, its 'and' or 'or', and its numbers as exact values.

    Parameters
    ----------
    text : str
        Normalised, lower-case.

    Returns
    -------
    str
        Joined by vertical bars; empty where the phrase holds filler words only.
    """
    text = _OR_MORE.sub(lambda match: " at_least " if match[1] else " at_most ", text)
    numbers = find_numbers(text)
    plain, parts = text, []
    for number in reversed(numbers):
        parts.append(shown_value(number.value, number.unit))
        plain = plain[: number.start] + " " * (number.end - number.start) + plain[number.end :]
    for word in re.findall(r"[a-z][a-z'-]*(?:_[a-z]+)?", re.sub(r"_{2,}", " ", plain)):
        if word not in FILLER_WORDS:
            parts.append(stem(word))
    return "|".join(sorted(set(parts)))
