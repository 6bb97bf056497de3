"""Rewording: whether a sentence in a writer's own words says what one sentence of its sources says, no more, no less.

Belongs here: the comparison of words. That every typed claim is in a source is checked before (`rag.grounding`); here
a claim must keep what stands around it. A part that is left out can be the one that limits ('domestic', 'for members',
'except ...'), a word from another sentence or another product can bring its own number's neighbour, and the same words
in another order can turn who pays whom. So a rewording may leave out and add light words only, keeps the words that
govern others ('from', 'without') and the mood, and moves at most one block to the front.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rag.claims import Claim, normalise_claim_text
from rag.claims.conditions import find_conditions
from rag.claims.mood import moods_of
from rag.claims.sentences import split_sentences
from rag.claims.words import LIGHT_STEMS, NEUTRAL_STEMS, stem
from rag.evidence import Evidence
from rag.said import STRICT, THINGS, TOKEN, Said, Word, clauses_of, cut, read_said

_OF_THE_DAY = ("{product_name}", "{rate_as_of_date}")
"""Slots that may be added: the product itself, and the day on which a rate was looked up."""
_CONDITIONAL = frozenset(("if", "when", "whenever", "once", "while", "where"))
_HELPING = frozenset(("can", "will", "may", "might", "could", "would", "was", "were", "had", "did", "been"))
"""Words whose sense is compared otherwise: conditions as such, moods as such."""
_ONE_BY_ONE = frozenset(("per", "each", "every"))
_OF_A_THING = _ONE_BY_ONE | STRICT - frozenset(("with",)) | frozenset(("for", "on", "at"))
"""'In your account' says where a product is; 'per account' and 'to your account' say what a number is of."""
_OTHER_SUBJECTS = re.compile(
    r"\b(?:our|all|any|both|every)\s+(?:accounts?|banks?|products?)\b|\b(?:accounts|banks|products)\b|"
    r"(?<!with )(?<!at )(?<!of )\b(?:the|our|your)\s+bank\b"
)
_GAINS = frozenset(("earn", "give", "bring", "receiv"))
_COSTS = ("fee", "payment", "apr")
_PERSONS = re.compile(r"\b(we|us|you)\b")
_LIMITING = re.compile(
    r"\b(?:only|except|exclud\w+|but|however|though|although|unless|others?|otherwise|respectively|limit\w*|not|never|or|"
    r"instead|rather|where|which|who)\b"
)
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_JOINT = re.compile(r",\s+and\s+|\s+and\s+|;\s+|,\s+")


def rewording_fault(
    text: str, claims: Sequence[Claim], evidence: Iterable[Evidence], product_name: str, approved: frozenset[str]
) -> str | None:
    """Return why a text is no rewording of its sources, or None if each of its sentences is one.

    Parameters
    ----------
    text : str
        One or more sentences of a writer's own.
    claims : sequence of Claim
        Its typed claims, placed in the whole text.
    evidence : iterable of Evidence
        What it cites.
    product_name : str
        A name that may be added and left out.
    approved : frozenset of str
        Sentences that may stand without a claim.
    """
    name = _stems_of(product_name)
    sources = [source for item in evidence for source in _sources(item, product_name)]
    start = 0
    for part in (piece.strip() for line in split_sentences(text) for piece in _END_OF_SENTENCE.split(line)):
        start = text.index(part, start)
        own = [claim for claim in claims if start <= claim.start < start + len(part)]
        if own:
            fault = _part_fault(read_said(text, own, product_name, start, start + len(part)), sources, name)
        else:
            fault = None if part in approved else f"sentence_without_claim: {part[:40]}"
        if fault:
            return fault
        start += len(part)
    return None


def _stems_of(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in TOKEN.findall(normalise_claim_text(text).text.lower()))


def _sources(item: Evidence, product_name: str) -> Iterator[tuple[Said, frozenset[str]]]:
    """Read the sentences of a citation that hold claims, each with the words of the headings and the title above it."""
    above = _stems_of(" ".join((*item.source.chunk.headings, item.source.title)))
    start = 0
    for part in split_sentences(item.text):
        start = item.text.index(part, start)
        own = [claim for claim in item.claims if start <= claim.start < start + len(part)]
        if own:
            yield read_said(item.text, own, product_name, start, start + len(part)), above
        start += len(part)


def _part_fault(said: Said, sources: list[tuple[Said, frozenset[str]]], name: frozenset[str]) -> str | None:
    """Compare a sentence with each source that holds all its claims; else its statements, each with its own source."""
    first = _whole_fault(said, sources, name)
    if first is None:
        return None
    borders = [(0, 0), *(match.span() for match in _JOINT.finditer(said.text)), (len(said.text), len(said.text))]
    reached = [True] + [False] * (len(borders) - 1)
    for right in range(1, len(borders)):
        for left in (left for left in range(right) if reached[left]):
            part = cut(said, borders[left][1], borders[right][0])
            if part.claims and _whole_fault(part, sources, name) is None:
                reached[right] = True
                break
    return None if reached[-1] else first


def _whole_fault(said: Said, sources: list[tuple[Said, frozenset[str]]], name: frozenset[str]) -> str | None:
    first = None
    for source, above in sources:
        if all(_is_among(claim, source.claims) for claim in said.claims):
            fault = _fault_against(said, source, above, name)
            if fault is None:
                return None
            first = first or fault
    return first or "no_single_source"


def _is_among(claim: Claim, others: Iterable[Claim]) -> bool:
    return any(other.core == claim.core and other.conditions == claim.conditions for other in others)


def _fault_against(said: Said, source: Said, above: frozenset[str], name: frozenset[str]) -> str | None:
    """Return the first way in which a sentence says something else than a source that holds all its claims."""
    used, dropped = _used_clauses(said, source)
    if not all(_may_be_left_out(clause, used) for clause in dropped):
        used = source
    missing = [claim for claim in used.claims if not _is_among(claim, said.claims)]
    if missing:
        return f"claim_left_out: {missing[0].text or missing[0].canonical}"
    return (
        _strange_word(said, used, above | name | (source.stems & LIGHT_STEMS))
        or _scope_added(said, used)
        or _left_out(said, used, name)
        or _mood_fault(said, used)
        or _governed_otherwise(said, used)
        or _moved(said, used, name)
    )


def _used_clauses(said: Said, source: Said) -> tuple[Said, list[Said]]:
    """Return the clauses of a source that hold the claims of a sentence, as one, and the others."""
    clauses = clauses_of(source)
    used = [clause for clause in clauses if any(_is_among(claim, said.claims) for claim in clause.claims)]
    # Equal claims in several clauses: which one is meant can't be told, so all of them must be said.
    whole = replace(
        source,
        text=" ".join(clause.text.strip() for clause in used),
        words=tuple(word for clause in used for word in clause.words),
        claims=tuple(claim for clause in used for claim in clause.claims),
        places=tuple(place for clause in used for place in clause.places),
    )
    return whole, [clause for clause in clauses if clause not in used]


def _may_be_left_out(clause: Said, used: Said) -> bool:
    """Tell whether a statement is one of its own: it limits nothing, and is no circumstance of what follows it."""
    if not clause.claims or _LIMITING.search(clause.text) or find_conditions(clause.text):
        return False
    is_before = clause.words[0].start < used.words[0].start
    return not is_before or {c.claim_type for c in clause.claims} <= {c.claim_type for c in used.claims}


def _strange_word(said: Said, used: Said, known: frozenset[str]) -> str | None:
    """Find slots and words that the source does not hold, or holds less often."""
    counts: dict[str, int] = {}
    for word in said.words:
        counts[word.stem] = counts.get(word.stem, 0) + 1
        is_vocative = word.stem == "{first_name}" and said.text.startswith("{first_name},")
        if word.stem[0] == "{":
            if word.stem not in used.stems and word.stem not in _OF_THE_DAY and not is_vocative:
                return f"slot_added: {word.stem}"
        elif word.stem not in used.stems | known | NEUTRAL_STEMS:
            return f"word_of_another_sentence: {word.stem}"
        is_bearing = word.stem in used.stems - LIGHT_STEMS - NEUTRAL_STEMS - known
        if is_bearing and counts[word.stem] > sum(other.stem == word.stem for other in used.words):
            return f"word_said_again: {word.stem}"
    return None


def _scope_added(said: Said, used: Said) -> str | None:
    """Find what a number is suddenly of, or depends on, by words that every message holds."""
    for word in said.words:
        ties = _OF_A_THING if word.stem in THINGS else _ONE_BY_ONE
        if word.stem not in used.stems and word.governor in ties:
            return f"scope_added: {word.governor} {word.stem}"
    others = _OTHER_SUBJECTS.search(said.text)
    if others and others[0] not in used.text:
        return f"scope_added: {others[0]}"
    gained = (said.stems & _GAINS) - used.stems
    if gained and any(claim.claim_type in _COSTS and not claim.is_negative for claim in said.claims):
        return f"cost_said_as_gain: {min(gained)}"
    conditional = said.stems & _CONDITIONAL
    return f"condition_added: {min(conditional)}" if conditional and not used.stems & _CONDITIONAL else None


def _left_out(said: Said, used: Said, name: frozenset[str]) -> str | None:
    left_out = {word.stem for word in _content(used, name)} - said.stems
    return f"word_left_out: {', '.join(sorted(left_out)[:5])}" if left_out else None


def _content(said: Said, name: frozenset[str]) -> list[Word]:
    """Return the words that must be kept, in order."""
    light = LIGHT_STEMS | _CONDITIONAL | _HELPING | name
    return [word for word in said.words if word.stem not in light and word.stem not in _OF_THE_DAY]


def _mood_fault(said: Said, used: Said) -> str | None:
    own, other = moods_of(said.text), moods_of(used.text)
    if own - {"can"} != other - ({"can"} if "can" in own else set()):
        return f"mood_differs: {', '.join(sorted(own ^ other))}"
    persons, others = _PERSONS.findall(said.text), _PERSONS.findall(used.text)
    is_between_us = {"we", "us"} & set(persons) and ("you" in persons or others)
    if is_between_us and persons != others:
        return f"persons_differ: {' '.join(persons)}"
    return None


def _governed_otherwise(said: Said, used: Said) -> str | None:
    """Find a word that stands after another 'from', 'without', 'before' than in the source."""
    is_directed = "from" in said.stems | used.stems
    for word in said.words:
        if word.stem in used.stems and word.stem not in LIGHT_STEMS | NEUTRAL_STEMS:
            allowed = {_class_of(governor, is_directed) for governor in used.governors(word.stem)}
            if _class_of(word.governor, is_directed) not in allowed:
                return f"stands_otherwise: {word.governor} {word.stem}".replace("  ", " ")
    return None


def _class_of(governor: str, is_directed: bool) -> str:
    return governor if governor in STRICT and (governor != "to" or is_directed) else ""


def _moved(said: Said, used: Said, name: frozenset[str]) -> str | None:
    """Refuse another order than the source's, or the source's with one block of its end moved to the front."""
    if used.is_row:
        return None  # a label and its one value: the words of a label have no order that matters
    wanted = [word.stem for word in _content(used, name)]
    own = [word.stem for word in _content(said, name) if word.stem in wanted]
    for turn in range(max(len(wanted), 1)):
        if _is_subsequence(own, wanted[turn:] + wanted[:turn]):
            return None
    return "order_differs"


def _is_subsequence(own: list[str], wanted: list[str]) -> bool:
    rest = iter(wanted)
    return all(name in rest for name in own)
