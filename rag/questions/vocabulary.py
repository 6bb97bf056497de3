"""The vocabulary: what customers call the things that documents name otherwise, and topics a bank may be asked about.

Belongs here: reading `topics.csv` and finding its topics in a text. A row is a topic with the words for it, longest
match first; `is_subject` marks what a bank either offers or does not (a mortgage, a notary): a question about such a
topic is not answered by documents that never mention it. Adding a word is adding it to a row.
"""

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TOPICS_FILE = Path(__file__).parent / "topics.csv"
_TOKEN = re.compile(r"[^\W_]+(?:['’][a-z]+)?|\$[\d,.]+")
_LONGEST = 6
"""Words in the longest entry that is looked for (3 to 8 cover any phrase)."""

STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN",
    "Mississippi": "MS", "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV",
    "New Hampshire": "NH", "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC",
    "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX",
    "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington": "WA", "West Virginia": "WV",
    "Wisconsin": "WI", "Wyoming": "WY",
}  # fmt: skip
"""US states and the codes that documents list."""
_STATE_NAMES = re.compile(r"\b(" + "|".join(sorted(STATES, key=len, reverse=True)) + r")\b")
_STATE_CODES = re.compile(r"\b(?:" + "|".join(sorted(STATES.values())) + r")\b")


@dataclass(frozen=True)
class Vocabulary:
    """Topics by their words (tuples of tokens), the topics that are subjects, and a version that changes with them."""

    topics: dict[tuple[str, ...], tuple[str, ...]]
    subjects: frozenset[str]
    version: str


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, without possessives and plurals."""
    return [_singular(word) for word in _TOKEN.findall(text.casefold())]


def _singular(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s")
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@cache
def load_vocabulary(path: Path = TOPICS_FILE) -> Vocabulary:
    """Read the table of topics, once."""
    raw = path.read_text(encoding="utf-8")
    topics: dict[tuple[str, ...], list[str]] = {}
    subjects = set()
    for row in csv.DictReader(raw.splitlines()):
        for phrase in row["words"].split("|"):
            topics.setdefault(tuple(tokens(phrase)), []).append(row["topic"])
        if row["is_subject"] == "yes":
            subjects.add(row["topic"])
    version = hashlib.sha256(raw.encode()).hexdigest()[:12]
    return Vocabulary({words: tuple(names) for words, names in topics.items()}, frozenset(subjects), version)


def find_topics(text: str, vocabulary: Vocabulary | None = None) -> frozenset[str]:
    """Return the topics a text names; where entries overlap, the longest counts.

    Examples
    --------
    >>> sorted(find_topics("Is my certificate of deposit insured by the FDIC?"))
    ['certificate of deposit', 'fdic']
    """
    topics = (vocabulary or load_vocabulary()).topics
    words = tokens(text)
    found: set[str] = set()
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            names = topics.get(tuple(words[place : place + length]))
            if names:
                found.update(names)
                place += length
                break
        else:
            place += 1
    return frozenset(found)


def with_topics(text: str) -> str:
    """Return a text followed by the names of its topics, so that both sides of a search share words."""
    names = sorted(find_topics(text))
    return f"{text} ({', '.join(names)})" if names else text


def states_named(text: str) -> frozenset[str]:
    """Return the codes of the states a question names in full."""
    return frozenset(STATES[name] for name in _STATE_NAMES.findall(text))


def states_listed(text: str) -> frozenset[str]:
    """Return the codes of the states a passage names in full or lists by code."""
    return frozenset(_STATE_CODES.findall(text)) | states_named(text)
