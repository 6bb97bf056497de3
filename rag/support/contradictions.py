"""What speaks against a claim, named: numbers, names and words that are missing, turned round or replaced.

Belongs here: findings that a reader can check. They are counted by `rag.support.features` and worded by
`rag.support.reasons`.
"""

import numpy as np
import numpy.typing as npt

from rag.support import relations
from rag.support.alignment import Alignment
from rag.support.quantities import Quantity, bounded_quantity, near_quantity, same_quantity
from rag.support.reading import Sentence, Token, stem_of

SAID, MATCHED = 0.5, 0.85
"""A match from which a word counts as said at all, and as the same word."""

_OPPOSITES: dict[str, set[str]] = {}

for _left, _right in relations.OPPOSITES:
    _OPPOSITES.setdefault(stem_of(_left), set()).add(stem_of(_right))
    _OPPOSITES.setdefault(stem_of(_right), set()).add(stem_of(_left))

_EXCLUSIVE: dict[str, set[int]] = {}

for _number, _group in enumerate(relations.EXCLUSIVE):
    for _word in _group:
        _EXCLUSIVE.setdefault(stem_of(_word), set()).add(_number)

_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non")


def positions_in_scope(a: Alignment) -> list[dict[int, list[int]]]:
    """Return, for each claim word, sentence -> places of tokens that match it, within the scope."""
    bounds = [*a.evidence.starts.tolist(), len(a.evidence.tokens)]
    spans = [(sentence, bounds[sentence], bounds[sentence + 1]) for sentence in a.scope]
    found: list[dict[int, list[int]]] = []
    for row in a.token_match:
        found.append({})
        for sentence, start, end in spans:
            places = np.flatnonzero(row[start:end] >= MATCHED)
            if len(places):
                found[-1][sentence] = (places + start).tolist()
    return found


def missing_names(a: Alignment, within: npt.NDArray[np.float32]) -> list[Token]:
    """Return names of the claim that have no match; `within` is the best match of each claim word."""
    initials = a.evidence.__dict__.get("_initials")
    if initials is None:
        initials = _initials(a.evidence.sentences)
        a.evidence.__dict__["_initials"] = initials
    return [
        token
        for token, said in zip(a.words, within, strict=True)
        if token.is_name and said < MATCHED and token.text not in initials
    ]


def _initials(sentences: list[Sentence]) -> frozenset[str]:
    """Return the initials of runs of capitalised words: 'World Health Organization' gives 'WHO'."""
    found: set[str] = set()
    for sentence in sentences:
        run = ""
        for token in sentence.tokens:
            if token.text[0].isupper():
                run += token.text[0]
                found.update({run} if 2 <= len(run) <= 6 else ())
            elif token.lower not in ("of", "the", "and", "for"):
                run = ""
    return frozenset(found)


def claim_quantities(a: Alignment) -> list[Quantity]:
    """Return the claim's quantities."""
    return [quantity for sentence in a.claim.sentences for quantity in sentence.quantities]


def missing_quantities(quantities: list[Quantity], sentences: list[Sentence]) -> list[Quantity]:
    """Return the quantities that none of the sentences has."""
    there = [quantity for sentence in sentences for quantity in sentence.quantities]
    return [
        quantity
        for quantity in quantities
        if not any(same_quantity(quantity, other) or bounded_quantity(quantity, other) for other in there)
    ]


def conflicting_quantities(missing: list[Quantity], sentences: list[Sentence]) -> list[tuple[Quantity, Quantity]]:
    """Return missing quantities with one of the same kind and noun, but another value, that the sentences have."""
    there = [quantity for sentence in sentences for quantity in sentence.quantities]
    pairs = []
    for quantity in missing:
        for other in there:
            same_noun = quantity.noun and other.noun and stem_of(quantity.noun) == stem_of(other.noun)
            same_kind = quantity.kind == other.kind and quantity.kind != "number"
            if (same_noun or same_kind) and not near_quantity(other, quantity):
                pairs.append((quantity, other))
                break
    return pairs


def negation_differences(a: Alignment) -> list[Token]:
    """Return claim words that are negated here while nothing negates there, or the other way round.

    Word order differs between two ways of saying the same, so a word counts only if the clause it stands in holds no
    negator at all on the other side, before or after it.
    """
    different = []
    tokens = a.evidence.tokens
    for token, places in zip(a.words, a.claim.cache.get("positions", ()), strict=False):
        if token.is_name or token.lower[0].isdigit():
            continue
        spots = places.get(a.best) or [place for found in places.values() for place in found]
        there = [tokens[place] for place in spots]
        if not there:
            continue
        added = token.is_negated and not any(other.in_negated_clause for other in there)
        dropped = not token.in_negated_clause and all(other.is_negated for other in there)
        if added or dropped:
            different.append(token)
    return different


def opposites(a: Alignment) -> list[tuple[Token, str, bool]]:
    """Return claim words whose opposite stands in the best sentences while they do not.

    Returns
    -------
    list of (Token, str, bool)
        The word, its opposite as it stands there, and whether the two have a word beside them in common.
    """
    found = []
    there: dict[str, list[tuple[int, int, bool]]] = {}
    shown: dict[str, str] = {}
    sentences = [a.best_sentence, *a.top_sentences]
    for number, sentence in enumerate(sentences):
        for place, token in enumerate(sentence.tokens):
            there.setdefault(token.stem, []).append((number, place, token.is_negated))
            shown.setdefault(token.stem, token.lower)
    claim = a.claim.tokens
    for i, token in enumerate(claim):
        if token.stem in there:
            continue
        beside = {other.stem for other in claim[max(0, i - 4) : i + 5] if other.is_content}
        for other in sorted((_OPPOSITES.get(token.stem, set()) | _prefixed(token.stem)) & there.keys()):
            spots = [(number, place) for number, place, is_negated in there[other] if is_negated == token.is_negated]
            if spots:
                near = any(
                    beside & {near.stem for near in sentences[number].tokens[max(0, place - 4) : place + 5]}
                    for number, place in spots
                )
                found.append((token, shown[other], near))
                break
    return found


def _prefixed(stem: str) -> set[str]:
    made = {prefix + stem for prefix in _PREFIXES}
    cut = {stem[len(prefix) :] for prefix in _PREFIXES if stem.startswith(prefix) and len(stem) - len(prefix) >= 4}
    return made | cut


def exclusives(a: Alignment) -> list[tuple[Token, str]]:
    """Return claim words of an exclusive set of which the best sentences have another member instead."""
    found = []
    stems = {token.stem: token.lower for sentence in a.top_sentences for token in sentence.tokens}
    by_group: dict[int, str] = {}
    for stem in sorted(stems):
        for group in _EXCLUSIVE.get(stem, ()):
            by_group.setdefault(group, stems[stem])
    for token in a.words:
        if token.stem not in stems:
            other = next(
                (by_group[group] for group in sorted(_EXCLUSIVE.get(token.stem, ())) if group in by_group), None
            )
            if other is not None:
                found.append((token, other))
    return found
