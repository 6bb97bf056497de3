"""Reasons: what counted for or against a claim, in a few short strings a reader can check.

Belongs here: wording. Each reason is a fact of the alignment, found by the same functions that measure the features;
none is an explanation of the classifier's inner working.
"""

from rag.support import lexicon
from rag.support.alignment import Alignment
from rag.support.contradictions import (
    SAID,
    claim_quantities,
    conflicting_quantities,
    exclusives,
    missing_names,
    missing_quantities,
    negation_differences,
    opposites,
)

MAX_SHOWN = 160
"""Characters of a quoted sentence."""


def reasons_for(alignment: Alignment) -> list[str]:
    """Return what counted, doubts first, the best sentence last."""
    return [*_number_reasons(alignment), *_word_reasons(alignment), *_turn_reasons(alignment), _best_reason(alignment)]


def _number_reasons(a: Alignment) -> list[str]:
    missing = missing_quantities(claim_quantities(a), a.top_sentences)
    anywhere = missing_quantities(missing, a.evidence.sentences)
    conflicts = {id(ours): theirs for ours, theirs in conflicting_quantities(missing, a.top_sentences)}
    reasons = []
    for quantity in missing[:4]:
        where = "in evidence" if quantity in anywhere else "where the rest of the claim stands"
        instead = f", which has {conflicts[id(quantity)].text}" if id(quantity) in conflicts else ""
        reasons.append(f"number {quantity.text} not {where}{instead}")
    return reasons


def _word_reasons(a: Alignment) -> list[str]:
    reasons = [f"name {token.text} not in evidence" for token in missing_names(a, a.soft.max(axis=1))[:4]]
    shown = {token.text for token in missing_names(a, a.soft.max(axis=1))}
    unsaid = [
        (token, float(token.weight * (1 - said)))
        for token, said in zip(a.words, a.covered, strict=True)
        if said < SAID and token.text not in shown and not token.lower[0].isdigit()
    ]
    unsaid.sort(key=lambda pair: (-pair[1], pair[0].lower))
    if unsaid:
        reasons.append("not said: " + ", ".join(dict.fromkeys(token.text for token, _ in unsaid[:5])))
    return reasons


def _turn_reasons(a: Alignment) -> list[str]:
    reasons = []
    different = negation_differences(a)
    if different:
        reasons.append("negation differs at: " + ", ".join(dict.fromkeys(token.text for token in different[:3])))
    reasons += [f"'{token.text}' against '{other}'" for token, other, near in opposites(a)[:3] if near]
    reasons += [f"'{token.text}' where evidence has '{other}'" for token, other in exclusives(a)[:3]]
    claim = {token.lower for token in a.claim.tokens}
    scope = frozenset().union(*(sentence.words for sentence in a.top_sentences))
    for name, words in (
        ("all or every", lexicon.UNIVERSAL),
        ("only", lexicon.ONLY),
        ("certainty", lexicon.STRONG_MODAL),
    ):
        added = sorted(claim & words)
        if added and not scope & words:
            reasons.append(f"{name} added: {added[0]}")
    return reasons


def _best_reason(a: Alignment) -> str:
    text = " ".join(a.best_sentence.text.split())
    return f"best sentence: {text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + '...'}"
