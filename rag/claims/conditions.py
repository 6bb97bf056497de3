"""Conditions: the phrases that bind a claim ('with direct deposit', 'if paid in full', 'for 12 months').

Belongs here: finding them and bringing them to a canonical form, in which order, inflection and filler words do not
count and numbers do. Which claims a condition binds is decided by `rag.claims.parser`.
"""

import re
from dataclasses import dataclass

from rag.claims import lexicon
from rag.claims.numbers import find_numbers

_MARKERS = re.compile(
    "|".join(rf"(?P<m{index}>\b(?:{pattern})\b)" for index, (_, _, pattern) in enumerate(lexicon.CONDITION_MARKERS))
)
_END = re.compile(r"[;()!?\n]|,(?!\d{3})(?!\s(?:19|20)\d\d)|\.(?!\d)|\bthen\b|\bbut\b| - ")
# Words that say nothing about when a claim holds; taken out before conditions are compared.
FILLERS = frozenset(
    "a an the you your yours we our us it its this that these those they them their is are be been was were will can may "
    "do does did have has had and or to of at in by as so just also all any each every more here there today now new "
    "account accounts month months' harbor bank amount time".split()
) - {"new", "all", "each", "every", "more", "month"}
_ONLY_NEUTRAL = frozenset("you harbor example details more information customer help".split())


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
    found = []
    marks = list(_MARKERS.finditer(text))
    for position, mark in enumerate(marks):
        name, binds_clause, _ = lexicon.CONDITION_MARKERS[int(mark.lastgroup[1:])]  # type: ignore[index]
        stop = _END.search(text, mark.end())
        end = stop.start() if stop else len(text)
        if position + 1 < len(marks):
            end = min(end, marks[position + 1].start())
        content = canonical_content(text[mark.end() : end])
        if content and not set(content.split("|")) <= _ONLY_NEUTRAL:
            found.append(Condition(f"{name}:{content}", binds_clause, mark.start(), end))
    return found


def canonical_content(text: str) -> str:
    """Return the content words of a phrase, stemmed and sorted, and its numbers as exact values.

    Parameters
    ----------
    text : str
        Normalised, lower-case.

    Returns
    -------
    str
        Joined by vertical bars; empty where the phrase holds filler words only.
    """
    numbers = find_numbers(text)
    plain, parts = text, []
    for number in reversed(numbers):
        shown = number.value if isinstance(number.value, str) else "..".join(f"{value:f}" for value in number.value)
        parts.append(f"{shown} {number.unit}".strip())
        plain = plain[: number.start] + " " * (number.end - number.start) + plain[number.end :]
    for word in re.findall(r"[a-z][a-z'-]*", plain.replace("_", " ")):
        if word not in FILLERS:
            parts.append(stem(word))
    return "|".join(sorted(set(parts)))


def stem(word: str) -> str:
    """Strip the commonest English endings; the same for both sides of a comparison, so exactness is not needed."""
    word = word.removesuffix("'s").strip("'-")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            word = word[: -len(ending)]
            return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls" else word
    return word[:-1] if len(word) > 4 and word.endswith("e") else word
