"""Measures of a claim laid over its evidence: the numbers the classifier sees.

Belongs here: one function for each family of measures, each returning a dict; their order and the direction in which
each may move the score are in `FEATURES`. Nothing here is learned.

A direction (+1, -1) is a promise kept by training: more covered words never make a claim look worse supported, a
missing number never better. That is what carries over to texts unlike those of training: without it, training learns
that near copies are suspect, as they are among hand-written pairs and nowhere else.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from rag.support import lexicon
from rag.support.alignment import Alignment, align, embed_together
from rag.support.contradictions import (
    SAID,
    claim_quantities,
    conflicting_quantities,
    exclusives,
    missing_names,
    missing_quantities,
    negation_differences,
    opposites,
    positions_in_scope,
)
from rag.support.edits import context_measures, edit_measures
from rag.support.preselection import preselect
from rag.support.quantities import near_quantity, same_quantity
from rag.support.reading import MAX_CLAIM_CHARACTERS, Reading, Sentence, read, stem_of
from rag.support.relations import CALENDAR_WORDS

FEATURES: dict[str, int] = {
    # how much of the claim is said, by weight of its words
    "soft_best": 1,
    "exact_best": 1,
    "soft_window": 1,
    "exact_window": 1,
    "soft_top": 1,
    "exact_top": 1,
    "soft_document": 1,
    "exact_document": 1,
    "cosine_best": 1,
    "cosine_window": 1,
    "cosine_document": 0,
    # what is not said
    "worst_word": -1,
    "unsaid_weight": -1,
    "unsaid_words": -1,
    "unsaid_weight_document": -1,
    "unsaid_run": -1,
    "unsaid_plain": -1,
    # whether what is said together there is said together here
    "pairs_near": 1,
    "pairs_closeness": 1,
    "common_order": 1,
    "common_run": 1,
    "predicate_best": 1,
    "names_bound": 1,
    "top_gain": 0,
    "top_spread": -1,
    # names and numbers
    "names": 0,
    "names_missing": -1,
    "names_missing_document": -1,
    "names_share": 1,
    "numbers": 0,
    "numbers_missing": -1,
    "numbers_missing_document": -1,
    "numbers_near": 0,
    "numbers_conflict": -1,
    "numbers_other_noun": -1,
    # what turns a sentence round
    "negation_scope": -1,
    "negation_parity": -1,
    "opposites": -1,
    "opposites_near": -1,
    "exclusive": -1,
    "universal_added": -1,
    "only_added": -1,
    "strong_added": -1,
    "doubt_dropped": -1,
    "superlative_added": -1,
    "majority_changed": -1,
    "cause_added": -1,
    "future_changed": -1,
    "roles_swapped": -1,
    # a near copy: what was edited
    "edit_equal": 1,
    "edit_sibling": -1,
    "edit_inserted": -1,
    "edit_limits_dropped": -1,
    "edit_turns_added": -1,
    "context_least": 1,
    "context_mean": 1,
    # shape
    "evidence_sentences": 0,
}

Row = npt.NDArray[np.float32]

_PRONOUNS = frozenset(
    ["he", "she", "it", "they", "him", "her", "them", "his", "their", "its", "i", "we", "you", "my", "our", "your"]
)

_BE = frozenset(["is", "are", "was", "were", "be", "been", "being"])


def extract(claim: Reading, evidence: Reading) -> tuple[Row, Alignment | None]:
    """Measure a pair.

    Returns
    -------
    row : float32, (len(FEATURES),)
        In the order of `FEATURES`; zeros where nothing can be aligned.
    alignment : Alignment or None
        For reasons.
    """
    alignment = align(claim, evidence)
    if alignment is None:
        return np.zeros(len(FEATURES), dtype=np.float32), None
    values = {
        **_coverage(alignment),
        **_unsaid(alignment),
        **_binding(alignment),
        **_names(alignment),
        **_numbers(alignment),
        **_turns(alignment),
        **_scope_words(alignment),
        **_roles(alignment),
        **edit_measures(alignment),
        **context_measures(alignment),
        **_shape(alignment),
    }
    row = np.array([values[name] for name in FEATURES], dtype=np.float64)
    return np.round(row, 5).astype(np.float32), alignment


def extract_many(claims: list[str], evidences: list[str]) -> tuple[npt.NDArray[np.float32], list[Alignment | None]]:
    """Measure many pairs; equal evidence is read once.

    Parameters
    ----------
    claims, evidences : list of str
        The same length n.

    Returns
    -------
    rows : float32, (n, len(FEATURES))
    alignments : list of Alignment or None

    Notes
    -----
    Linear algebra runs in one thread: the products are small, and the same on any machine load.
    """
    evidences = [preselect(claim, evidence) for claim, evidence in zip(claims, evidences, strict=True)]
    read_evidence = {text: read(text) for text in dict.fromkeys(evidences)}
    read_claims = [read(text, MAX_CLAIM_CHARACTERS) for text in claims]
    rows = np.zeros((len(claims), len(FEATURES)), dtype=np.float32)
    alignments: list[Alignment | None] = []
    with threadpool_limits(1):
        embed_together(read_claims, list(read_evidence.values()))
        for i, (claim, text) in enumerate(zip(read_claims, evidences, strict=True)):
            rows[i], alignment = extract(claim, read_evidence[text])
            alignments.append(alignment)
    return rows, alignments


def _coverage(a: Alignment) -> dict[str, float]:
    first, last = a.window
    window = slice(first, last + 1)
    vectors = a.evidence.sentence_vectors
    middle = vectors[window].sum(axis=0)
    whole = vectors.sum(axis=0)
    claim = a.cosines  # claim · sentence, already
    w = a.weights
    soft_best = float(w @ a.soft[:, a.best])
    soft_top = float(w @ a.soft[:, a.top].max(axis=1))
    return {
        "soft_best": soft_best,
        "exact_best": float(w @ a.exact[:, a.best]),
        "soft_window": float(w @ a.soft[:, window].max(axis=1)),
        "exact_window": float(w @ a.exact[:, window].max(axis=1)),
        "soft_top": soft_top,
        "exact_top": float(w @ a.exact[:, a.scope].max(axis=1)),
        "soft_document": float(w @ a.soft.max(axis=1)),
        "exact_document": float(w @ a.exact.max(axis=1)),
        "cosine_best": float(claim.max()),
        "cosine_window": float(claim[window].sum() / max(np.linalg.norm(middle), 1e-6)),
        "cosine_document": float(claim.sum() / max(np.linalg.norm(whole), 1e-6)),
        "top_gain": soft_top - soft_best,
        "top_spread": float(np.log1p(max(a.top) - min(a.top))),
    }


def _unsaid(a: Alignment) -> dict[str, float]:
    raw = np.array([token.weight for token in a.words])
    missing = raw * (1.0 - a.covered)
    missing_document = raw * (1.0 - a.soft.max(axis=1))
    run = longest = 0.0
    for gap, said in zip(missing, a.covered, strict=True):
        run = run + gap if said < SAID else 0.0
        longest = max(longest, run)
    plain = [
        gap for token, gap in zip(a.words, missing, strict=True) if not token.is_name and not token.lower[0].isdigit()
    ]
    return {
        "worst_word": float(missing.max()),
        "unsaid_weight": float(missing.sum()),
        "unsaid_words": float((a.covered < SAID).sum()),
        "unsaid_weight_document": float(missing_document.sum()),
        "unsaid_run": longest,
        "unsaid_plain": float(max(plain, default=0.0)),
    }


def _binding(a: Alignment) -> dict[str, float]:
    found = positions_in_scope(a)
    a.claim.cache["positions"] = found
    near = closeness = 0.0
    pairs = list(pairwise(found))
    for left, right in pairs:
        gap = min(
            (
                abs(i - j)
                for sentence in left.keys() & right.keys()
                for i in left[sentence]
                for j in right[sentence]
                if i != j
            ),
            default=99,
        )
        near += gap <= 4
        closeness += 1.0 / gap if gap < 99 else 0.0
    is_plain = np.array([not token.is_name for token in a.words])
    plain_weights = np.where(is_plain, a.weights, 0.0)
    total = plain_weights.sum()
    by_sentence = plain_weights @ a.soft / total if total > 0 else np.zeros(a.soft.shape[1])
    predicate = int(np.argmax(np.round(by_sentence, 6)))
    earlier = a.soft[:, max(0, predicate - 2) : predicate + 1].max(axis=1)
    name_weights = np.where(is_plain, 0.0, a.weights)
    bound = float((name_weights @ earlier) / name_weights.sum()) if name_weights.sum() > 0 else 1.0
    return {
        "pairs_near": near / len(pairs) if pairs else 1.0,
        "pairs_closeness": closeness / len(pairs) if pairs else 1.0,
        "predicate_best": float(by_sentence[predicate]) if total > 0 else 1.0,
        "names_bound": bound,
        **_common(a),
    }


def _common(a: Alignment) -> dict[str, float]:
    """Measure words in common order (longest common subsequence) and in a row, with the best sentence."""
    claim = [token.stem for token in a.claim.tokens][:120]
    there = [token.stem for token in a.best_sentence.tokens]
    previous_order = [0] * (len(there) + 1)
    previous_run = [0] * (len(there) + 1)
    longest = 0
    for stem in claim:
        order, run = [0], [0]
        for j, other in enumerate(there):
            if stem == other:
                order.append(previous_order[j] + 1)
                run.append(previous_run[j] + 1)
                longest = max(longest, run[-1])
            else:
                order.append(max(order[-1], previous_order[j + 1]))
                run.append(0)
        previous_order, previous_run = order, run
    return {"common_order": previous_order[-1] / max(len(claim), 1), "common_run": longest / max(len(claim), 1)}


def _names(a: Alignment) -> dict[str, float]:
    names = sum(token.is_name for token in a.words)
    missing = len(missing_names(a, a.covered))
    return {
        "names": float(names),
        "names_missing": float(missing),
        "names_missing_document": float(len(missing_names(a, a.soft.max(axis=1)))),
        "names_share": 1.0 - missing / names if names else 1.0,
    }


def _numbers(a: Alignment) -> dict[str, float]:
    quantities = claim_quantities(a)
    if not quantities:
        return dict.fromkeys(
            (
                "numbers",
                "numbers_missing",
                "numbers_missing_document",
                "numbers_near",
                "numbers_conflict",
                "numbers_other_noun",
            ),
            0.0,
        )
    scope = a.top_sentences
    there = [quantity for sentence in scope for quantity in sentence.quantities]
    missing = missing_quantities(quantities, scope)
    other_noun = 0
    for quantity in quantities:
        nouns = {stem_of(other.noun) for other in there if same_quantity(quantity, other)}
        other_noun += bool(
            nouns and quantity.noun and quantity.kind == "number" and stem_of(quantity.noun) not in nouns
        )
    return {
        "numbers": float(len(quantities)),
        "numbers_missing": float(len(missing)),
        "numbers_missing_document": float(len(missing_quantities(missing, a.evidence.sentences))) if missing else 0.0,
        "numbers_near": float(sum(any(near_quantity(other, quantity) for other in there) for quantity in missing)),
        "numbers_conflict": float(len(conflicting_quantities(missing, scope))),
        "numbers_other_noun": float(other_noun),
    }


def _turns(a: Alignment) -> dict[str, float]:
    different = negation_differences(a)
    turned = opposites(a)
    claim_negators = sum(token.lower in lexicon.NEGATORS for token in a.claim.tokens)
    there = sum(token.lower in lexicon.NEGATORS for token in a.best_sentence.tokens)
    return {
        "negation_scope": float(sum(token.weight for token in different)),
        "negation_parity": float((claim_negators > 0) != (there > 0)),
        "opposites": float(len(turned)),
        "opposites_near": float(sum(near for _, _, near in turned)),
        "exclusive": float(len(exclusives(a))),
    }


def _scope_words(a: Alignment) -> dict[str, float]:
    claim = {token.lower for token in a.claim.tokens}
    best = a.best_sentence.words
    scope = frozenset().union(*(sentence.words for sentence in a.top_sentences))

    def added(words: frozenset[str]) -> float:
        return float(bool(claim & words) and not scope & words)

    return {
        "universal_added": added(lexicon.UNIVERSAL),
        "only_added": added(lexicon.ONLY),
        "strong_added": added(lexicon.STRONG_MODAL),
        "doubt_dropped": float(bool(best & lexicon.WEAK_MODAL) and not claim & lexicon.WEAK_MODAL),
        "superlative_added": added(lexicon.SUPERLATIVE),
        "majority_changed": float(
            (bool(claim & lexicon.MAJORITY) and bool(scope & lexicon.MINORITY) and not scope & lexicon.MAJORITY)
            or (bool(claim & lexicon.MINORITY) and bool(best & lexicon.UNIVERSAL) and not best & lexicon.MINORITY)
        ),
        "cause_added": added(lexicon.CAUSAL),
        "future_changed": float(bool(claim & lexicon.FUTURE) != bool(best & lexicon.FUTURE)),
    }


def _roles(a: Alignment) -> dict[str, float]:
    """Measure whether names that stand in the best sentence stand there in another order, a passive apart."""
    found = a.claim.cache.get("positions", [])
    places = [(token, there[a.best][0]) for token, there in zip(a.words, found, strict=False) if a.best in there]
    tokens = a.evidence.tokens
    is_capital = [
        token.text[0].isupper() and tokens[place].text[0].isupper() and token.lower not in CALENDAR_WORDS
        for token, place in places
    ]
    name_inversions = name_pairs = 0
    for i, (_, here) in enumerate(places):
        for j, (_, there) in enumerate(places[i + 1 :]):
            if here != there and is_capital[i] and is_capital[i + 1 + j]:
                name_pairs += 1
                name_inversions += there < here
    passive = _is_passive(a.claim.sentences) != _is_passive([a.best_sentence])
    names_inverted = name_inversions / name_pairs if name_pairs else 0.0
    return {
        "roles_swapped": float((names_inverted > 0.5) != passive) if name_pairs else 0.0,
    }


def _is_passive(sentences: list[Sentence]) -> bool:
    for sentence in sentences:
        words = [token.lower for token in sentence.tokens]
        for i, word in enumerate(words):
            if word == "by" and any(other in _BE for other in words[max(0, i - 5) : i]):
                return True
    return False


def _shape(a: Alignment) -> dict[str, float]:
    return {
        "evidence_sentences": float(np.log1p(min(len(a.evidence.sentences), 200))),
    }
