"""What was edited: a claim laid word by word along the sentence it is closest to.

Belongs here: measures of a near copy. A paraphrase differs everywhere a little; a near copy with an error agrees
everywhere but in one place, and what stands there instead tells more than how much agrees.
"""

from difflib import SequenceMatcher

import numpy as np

from rag.support import lexicon
from rag.support.alignment import Alignment
from rag.support.reading import Token
from rag.support.words import unit_vector

LIMITS = (
    lexicon.WEAK_MODAL
    | lexicon.NEGATORS
    | lexicon.ONLY
    | lexicon.MINORITY
    | frozenset(["if", "unless", "except", "until", "before", "after", "about", "nearly", "almost", "least", "most"])
    | frozenset(["up", "under", "over", "part", "half"])
)
"""Words that narrow what a sentence says: leaving one out says more than the sentence does."""
TURNS = lexicon.NEGATORS | lexicon.ONLY | lexicon.UNIVERSAL | lexicon.STRONG_MODAL
"""Words that say more, or the contrary, when they are put in."""
LONGEST = 120
"""Claim words compared."""
SIBLING_LOW, SIBLING_HIGH = 0.2, 0.8
"""Cosine between which two words that stand in the same place are of one kind, but not the same: Monday, Friday."""


def edit_measures(a: Alignment) -> dict[str, float]:
    """Measure how the claim differs from its best sentence, in the order of words.

    Returns
    -------
    dict
        `edit_equal`: share of the claim's words that stand there in the same order; the others are counted the more
        the larger that share is: `edit_sibling` (weightiest word that stands in the place of another of its kind),
        `edit_inserted` (weight of content put in), `edit_limits_dropped`, `edit_turns_added` (words of `LIMITS` left
        out, of `TURNS` put in).
    """
    claim = a.claim.tokens[:LONGEST]
    there = list(a.best_sentence.tokens)
    matcher = SequenceMatcher(None, [t.stem for t in claim], [t.stem for t in there], autojunk=False)
    said = {id(token): float(match) for token, match in zip(a.words, a.covered, strict=True)}
    stems_here = {token.lower for token in claim}
    words_there = a.best_sentence.words
    equal = 0
    sibling = inserted = 0.0
    dropped = added = 0
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            equal += j - i
            continue
        ours = [token for token in claim[i:j] if token.is_content]
        theirs = [token for token in there[k:m] if token.is_content]
        dropped += sum(token.lower in LIMITS and token.lower not in stems_here for token in there[k:m])
        added += sum(token.lower in TURNS and token.lower not in words_there for token in claim[i:j])
        for token in ours:
            gap = token.weight * (1.0 - said.get(id(token), 0.0))
            if not theirs:
                inserted += gap
            elif any(_is_sibling(token, other) for other in theirs):
                sibling = max(sibling, gap)
    share = equal / max(len(claim), 1)
    return {
        "edit_equal": share,
        "edit_sibling": sibling * share,
        "edit_inserted": inserted * share,
        "edit_limits_dropped": dropped * share,
        "edit_turns_added": added * share,
    }


def _is_sibling(ours: Token, theirs: Token) -> bool:
    if ours.is_name or theirs.is_name:
        return ours.is_name and theirs.is_name
    if ours.lower[0].isdigit() or theirs.lower[0].isdigit():
        return ours.lower[0].isdigit() and theirs.lower[0].isdigit()
    cosine = float(np.dot(unit_vector(ours.lower), unit_vector(theirs.lower)))
    return SIBLING_LOW <= cosine <= SIBLING_HIGH


def context_measures(a: Alignment) -> dict[str, float]:
    """Measure whether what stands around a name or number of the claim stands around it in the evidence.

    Returns
    -------
    dict
        `context_least`, `context_mean`: of each name or number that is found, the best match of its three content
        words before and after with those within six of one of its places; 1 where there is none to measure.
    """
    anchors = [i for i, token in enumerate(a.words) if token.is_name or token.lower[0].isdigit()]
    bounds = np.append(a.evidence.starts, len(a.evidence.tokens))
    values = []
    for i in anchors:
        around = [j for j in range(max(0, i - 3), min(len(a.words), i + 4)) if j != i and j not in anchors]
        places = np.flatnonzero(a.token_match[i] >= 0.85)[:40]
        if not around or not len(places):
            continue
        weights = np.array([a.words[j].weight for j in around])
        best = 0.0
        for place in places:
            sentence = int(np.searchsorted(bounds, place, side="right")) - 1
            low, high = max(bounds[sentence], place - 6), min(bounds[sentence + 1], place + 7)
            near = a.token_match[around, low:high].max(axis=1)
            best = max(best, float(weights @ near / weights.sum()))
        values.append(best)
    return {
        "context_least": min(values, default=1.0),
        "context_mean": float(np.mean(values)) if values else 1.0,
    }
