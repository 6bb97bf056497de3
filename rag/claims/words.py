"""Words that carry no claim: neutral words of copy, and fillers of conditions.

Belongs here: the lists in `*_words.txt` and the stemming both sides of a comparison share. A word that could promise,
grade, deny or limit anything does not belong on a list.
"""

from pathlib import Path


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


def _words(name: str) -> frozenset[str]:
    """Read a list of words; lines that begin with # explain it."""
    text = (Path(__file__).parent / f"{name}_words.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


NEUTRAL_STEMS = frozenset(stem(word) for word in _words("neutral"))
"""Stems a sentence may hold without a source."""
LIGHT_STEMS = frozenset(stem(word) for word in _words("light"))
"""Stems of a source that a rewording may leave out."""
HEADING_STEMS = frozenset(stem(word) for word in _words("heading"))
"""Stems of headings that limit nothing."""
FILLER_WORDS = _words("filler")
"""Words that say nothing about when a claim holds; taken out before conditions are compared."""
EMPTY_CONDITION_WORDS = frozenset({"you", "harbor", "example", "detail", "more", "information", "customer", "help"})
"""A condition of such words alone is none ('for more details')."""
