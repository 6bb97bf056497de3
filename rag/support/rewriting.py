"""Rewriting a sentence by rule: ways that keep it true, and ways that do not.

Belongs here: functions from a sentence and its context to another sentence, or None where the rule does not apply.
Which of them make a training pair is decided by `rag.support.generator`.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rag.support.lexicon import NEGATORS, STOPWORDS
from rag.support.quantities import UNITS
from rag.support.relations import OPPOSITES, SYNONYMS


@dataclass(frozen=True)
class Context:
    """What a rule may borrow from.

    Attributes
    ----------
    sentences : tuple of str
        The sentences of the same evidence, in order.
    place : int
        Index of the sentence that is rewritten.
    names, numbers, words : tuple of str
        Names, numbers and plain content words of the same evidence.
    other_names, other_words, tails : tuple of str
        The same, and ends of sentences, of other texts.
    """

    sentences: tuple[str, ...]
    place: int
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    other_names: tuple[str, ...]
    other_words: tuple[str, ...]
    tails: tuple[str, ...]


Rule = Callable[[str, Context, random.Random], str | None]

WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")

NAME = re.compile(r"(?<![.!?:] )(?<!^)(?<!\w)(?:[A-ZÀ-Þ][\w'’-]+)(?: [A-ZÀ-Þ][\w'’-]+)*")

NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w]|[.,]\d)")

SPELLED = re.compile(r"\b(?:" + "|".join(word for word in UNITS if word != "one") + r")\b", re.IGNORECASE)

COUNTED = re.compile(
    r"(?<!than )(?<![\w.,:$€£/-])(?:(?:about|around|roughly|some|nearly|almost) )?"
    r"(?P<n>\d{1,3}(?:,\d{3})+|\d{2,}(?:\.\d+)?)"
    r"(?P<after> (?:[a-z]{3,}s\b|people\b|million\b|billion\b|per ?cent\b|%))"
)
"""A number of things, not a date, a time, an amount with its sign, or a section."""

TAIL = re.compile(
    r",? (?:which|who|while|although|because|but|and so|so that|as|where|after|before|with|and|when|"
    r"since|even though)\b[^,.;]{8,140}(?=[.]?$)"
)

SUBJECT = re.compile(
    r"^(?P<subject>(?:The |A |An |Its |His |Her |Their |This |These |All |Most |Some |"
    r"Many )?[\w'’&.-]+(?: [\w'’&.-]+){0,5}?) "
    r"(?P<verb>is|are|was|were|has|have|had|will|can|could|may|must|would|should|said|says|took|made|"
    r"gave|lost|won|left|came|went|"
    r"began|became|held|kept|fell|rose|grew|paid|told|found|sold|bought|built|led|met|sent|spent|"
    r"wrote|\w{3,}ed)\b(?P<rest> .+)$"
)


def matched_case(source: str, target: str) -> str:
    """Return `target` with a capital first letter if `source` has one."""
    return target[:1].upper() + target[1:] if source[:1].isupper() else target


def replace_match(text: str, match: re.Match, new: str) -> str:
    """Return the text with a match replaced."""
    return text[: match.start()] + new + text[match.end() :]


def pick(rng: random.Random, items: Sequence[Any]) -> Any:
    """Return one item, each as likely."""
    return items[rng.randrange(len(items))]


def lower_first(text: str) -> str:
    """Return the text to stand inside of a sentence: function words lose their capital."""
    first = text.split(" ", 1)[0]
    return (
        text[:1].lower() + text[1:] if first.lower() in STOPWORDS or first in ("Most", "Some", "Many", "All") else text
    )


def upper_first(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """Return the text with a full stop, unless it ends a sentence."""
    text = text.strip().rstrip(",;:")
    return text if text[-1:] in ".!?" else text + "."


SYNONYM_FORMS: dict[str, list[str]] = {}

for _group in SYNONYMS:
    for _item in _group:
        SYNONYM_FORMS.setdefault(_item, []).extend(other for other in _group if other != _item and "-" not in other)

OPPOSITE_FORMS: dict[str, list[str]] = {}

for _left, _right in OPPOSITES:
    OPPOSITE_FORMS.setdefault(_left, []).append(_right)
    OPPOSITE_FORMS.setdefault(_right, []).append(_left)

_IRREGULAR_BASES = frozenset(
    [
        "go",
        "get",
        "give",
        "find",
        "tell",
        "make",
        "take",
        "come",
        "begin",
        "keep",
        "leave",
        "lose",
        "win",
        "rise",
        "fall",
        "build",
        "buy",
        "sell",
        "send",
        "say",
        "think",
        "steal",
        "strike",
        "throw",
        "bring",
        "speak",
        "choose",
        "draw",
        "hurt",
        "cut",
        "let",
        "put",
        "set",
        "shut",
        "slay",
        "forbid",
        "seek",
        "quit",
        "withdraw",
        "show",
        "wed",
    ]
)


def _inflected(word: str, table: dict[str, list[str]], rng: random.Random) -> str | None:
    """Look a word up in a table of base forms and give the answer the same ending."""
    lower = word.lower()
    if table.get(lower):
        return matched_case(word, str(pick(rng, table[lower])))
    for ending, bases in (
        ("ied", [lower[:-3] + "y"]),
        ("ed", [lower[:-2], lower[:-1], lower[:-3]]),
        ("ing", [lower[:-3], lower[:-3] + "e", lower[:-4]]),
        ("ies", [lower[:-3] + "y"]),
        ("es", [lower[:-2], lower[:-1]]),
        ("s", [lower[:-1]]),
    ):
        if not lower.endswith(ending) or len(lower) < len(ending) + 3:
            continue
        base = next((base for base in bases if table.get(base)), None)
        regular = [other for other in table.get(base or "", []) if other not in _IRREGULAR_BASES]
        if base and regular:
            return matched_case(word, _with_ending(str(pick(rng, regular)), ending))
    return None


def _with_ending(base: str, ending: str) -> str:
    if ending in ("ed", "ied"):
        return (
            base + "d"
            if base.endswith("e")
            else base[:-1] + "ied"
            if base.endswith("y") and base[-2] not in "aeo"
            else base + "ed"
        )
    if ending == "ing":
        return base[:-1] + "ing" if base.endswith("e") else base + "ing"
    if base.endswith("y") and base[-2] not in "aeo":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "x", "ch", "sh")) else "s")


def substitute(text: str, table: dict[str, list[str]], rng: random.Random, count: int) -> str | None:
    """Replace up to `count` words by what a table of base forms has for them, or return None."""
    matches = [
        match for match in WORD.finditer(text) if match.group().lower() not in STOPWORDS or table is OPPOSITE_FORMS
    ]
    rng.shuffle(matches)
    done: list[tuple[re.Match, str]] = []
    for match in matches:
        if len(done) == count:
            break
        if match.group()[:1].isupper() and match.start() > 0:
            continue
        new = _inflected(match.group(), table, rng)
        if new is not None:
            done.append((match, new))
    if not done:
        return None
    for match, new in sorted(done, key=lambda pair: -pair[0].start()):
        text = replace_match(text, match, new)
    return text


def names_in(text: str) -> list[str]:
    """Return the names of a text that stand inside of its sentences."""
    return [name for name in NAME.findall(text) if len(name) > 2]


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a text in digits, as written."""
    return NUMBER.findall(text)


def words_in(text: str) -> list[str]:
    """Return the plain content words of a text."""
    return [w for w in WORD.findall(text) if w.islower() and len(w) > 3 and w not in STOPWORDS and w not in NEGATORS]


def rounded(value: float, digits: int, up: bool) -> float:
    """Return the value rounded up or down to some significant digits; never the value itself."""
    step = 10.0 ** (len(str(int(value))) - digits)
    whole = value // step
    if up:
        return (whole + 1) * step
    return (whole if whole * step < value else whole - 1) * step


def written(value: float) -> str:
    """Return a number as text writes it: 1,300 or 2.5."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0")


def tail_of(text: str) -> str | None:
    """Return the end of a sentence that can stand after another: ' in spite of the rain', ', which ...'."""
    match = TAIL.search(text)
    if match:
        return match.group()
    match = re.search(
        r" (?:in|at|from|after|during|with|by|under|for|because of|through|near) (?:the|a|an|his|her|its|"
        r"their|[A-Z]\w+)\b[^,.;]{6,60}(?=\.$)",
        text,
    )
    return match.group() if match else None
