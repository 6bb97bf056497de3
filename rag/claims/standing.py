"""How an amount stands in its sentence: inside a condition or stated as a fact, and what it is needed for.

Belongs here: what the canonical form of a claim does not hold. 'The fee is waived with a daily balance of $1,500' says
nothing of what the balance is, and 'a minimum balance of $2,500 to earn the yield' nothing of what it takes to open.
"""

import re
from dataclasses import dataclass

from rag.claims.model import Claim
from rag.claims.sentences import split_sentences

_CONDITION = re.compile(r"\b(?:if|unless|when|with|keep\w*|maintain\w*|hold\w*|provided)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[;:]|,(?!\d{3})|\.(?!\d)")
_PURPOSES = (
    ("earn", re.compile(r"\bto (?:earn|get|receive|obtain|qualify)\b|\bearns?\b", re.IGNORECASE)),
    ("open", re.compile(r"\bto (?:open|start|begin)\b|\bopen(?:ing|ed|s)?\b", re.IGNORECASE)),
    (
        "avoid",
        re.compile(r"\bto avoid\b|\bwaive[ds]?\b|\bnot charged\b|\bunless\b|\bno (?:\w+ ){0,2}fee\b", re.IGNORECASE),
    ),
)


@dataclass(frozen=True)
class Standing:
    """What an amount's sentence says of its part: `is_condition`, and the purposes named ('earn', 'open', 'avoid')."""

    is_condition: bool
    purposes: frozenset[str]


def needs_standing(claim: Claim) -> bool:
    """Tell whether a claim is an amount that only means something by its part: a balance, a minimum, a deposit."""
    return claim.claim_type == "amount" and bool(claim.subject & {"balance", "minimum", "deposit"})


def standing_of(text: str, claim: Claim) -> Standing:
    """Return how a claim stands in the sentence of a text that holds it.

    Parameters
    ----------
    text : str
        One or more sentences.
    claim : Claim
        A claim of it, placed in the whole text.

    Returns
    -------
    Standing

    Examples
    --------
    >>> from rag.claims import parse_claims
    >>> text = "The fee is waived with a daily balance of $1,500."
    >>> [standing_of(text, claim).is_condition for claim in parse_claims(text) if needs_standing(claim)]
    [True]
    """
    start = 0
    sentence = text
    for part in split_sentences(text):
        start = text.index(part, start)
        if start <= claim.start < start + len(part):
            sentence = part
            break
        start += len(part)
    before = sentence[: max(0, claim.start - start)]
    clause = before[[0, *(match.end() for match in _CLAUSE_END.finditer(before))][-1] :]
    purposes = frozenset(name for name, pattern in _PURPOSES if pattern.search(sentence))
    return Standing(_CONDITION.search(clause) is not None, purposes)
