"""Cutting very long evidence down to the sentences that could speak of a claim.

Belongs here: a fast choice by rare words in common, made before anything is read closely. Evidence of ordinary length
is left as it is.
"""

import math
import re

from rag.support.lexicon import STOPWORDS
from rag.support.reading import normalise, split_sentences

WHOLE_CHARACTERS = 60_000
"""Evidence up to here (some twenty printed pages) is read whole."""
KEPT_SENTENCES = 60
"""Sentences kept of longer evidence, each with the one before and after it."""
MAX_PIECE = 2_000
"""Characters of a piece; text without sentence ends is cut there."""
_WORD = re.compile(r"[^\W_]{2,}")
_END = re.compile(r"\n+|(?<=[.!?])\s+")


def preselect(claim: str, evidence: str) -> str:
    """Return the evidence, or of a very long one the sentences that have most of the claim's rare words.

    Parameters
    ----------
    claim : str
        Its first 6,000 characters count.
    evidence : str
        Of any length; JSON is taken apart field by field first.

    Returns
    -------
    str
        Kept sentences in their order, one a line; the same text if it is short.
    """
    if len(evidence) <= WHOLE_CHARACTERS:
        return evidence
    is_record = evidence.lstrip()[:1] in ("{", "[")
    pieces = split_sentences(normalise(evidence)) if is_record else _cut(evidence)
    wanted = _roots(claim[:6_000])
    found = [wanted & _roots(piece) for piece in pieces]
    counts: dict[str, int] = {}
    for roots in found:
        for root in roots:
            counts[root] = counts.get(root, 0) + 1
    worth = {root: math.log(1 + len(pieces) / count) for root, count in counts.items()}
    ranked = sorted(range(len(pieces)), key=lambda i: (-round(sum(worth[root] for root in sorted(found[i])), 9), i))
    kept: set[int] = set()
    for i in ranked[:KEPT_SENTENCES]:
        kept.update((i - 1, i, i + 1))
    text = "\n".join(pieces[i].strip() for i in sorted(kept) if 0 <= i < len(pieces))
    return text[:WHOLE_CHARACTERS] if len(text) > WHOLE_CHARACTERS else text


def _cut(text: str) -> list[str]:
    pieces = (piece for piece in _END.split(text) if piece)
    return [piece[i : i + MAX_PIECE] for piece in pieces for i in range(0, len(piece), MAX_PIECE)]


def _roots(text: str) -> set[str]:
    """Return the beginnings of the words of a text that carry meaning: near enough to stems, and fast."""
    return {word[:6] for word in _WORD.findall(text.lower()) if word not in STOPWORDS}
