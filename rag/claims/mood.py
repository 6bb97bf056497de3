"""How a sentence says what it says: as a fact, of the past, as a plan, a wish, a question or somebody's words.

Belongs here: the words that tell. 'The fee was $25', 'may be $25' and 'is $25?' hold the same number, and only a
sentence in the same mood bears a rewording of it.
"""

import re

_MOODS = tuple(
    (name, re.compile(rf"\b(?:{pattern})\b"))
    for name, pattern in (
        ("past", r"was|were|wasn't|weren't|had|hadn't|did|didn't|been|former(?:ly)?|previous(?:ly)?|past|ago|until"
                 r"\s+(?:now|recently)|no\s+longer|earlier|expired|discontinued"),
        ("future", r"(?:is|are)\s+to|will|won't|shall|\w+'ll|going\s+to|upcoming|planned|proposed|draft"),
        ("may", r"may(?!\s+\d)|might|maybe|perhaps|possibly|likely|unlikely"),
        ("would", r"could|couldn't|would|wouldn't|should|shouldn't|ought|suppose[sd]?|imagine|assum\w+|example|instance"
                  r"|illustrat\w+|hypothetical\w*|sample"),
        ("can", r"can|can't|cannot|able"),
        ("must", r"must|have\s+to|has\s+to"),
        ("asked", r"whether|how|why|what|whose|whom|who(?=\s+(?:knows?|says?|said|told|thinks?))|see\s+if|asks?|asked"),
        ("said", r"thinks?|thought|believes?|knows?|say|says|said|told|tells?|claims?|claimed|hopes?|hoped|expect\w*"
                 r"|wants?|wish\w*|consider\w*|promis\w+|guess\w*|rumou?rs?|myths?|seems?|supposedly|allegedly|true|try"
                 r"|tries|plans?(?=\s+(?:an?|the|to|for|on|no)\b)"),
    )
)  # fmt: skip
_YOU_CAN = re.compile(r"\byou\s+can\b|\byou'll(?=\s+need\b)")


def moods_of(text: str) -> frozenset[str]:
    """Return in which moods, besides that of plain fact, a sentence speaks.

    Parameters
    ----------
    text : str
        Normalised, lower-case; names blanked out.

    Returns
    -------
    frozenset of str
        Of 'past', 'future', 'may', 'would', 'can', 'must', 'asked', 'said'. 'You can' is an offer, and no mood.

    Examples
    --------
    >>> sorted(moods_of("the fee may have been waived"))
    ['may', 'past']
    >>> moods_of("you can open it with $25") == frozenset()
    True
    """
    plain = _YOU_CAN.sub("you", text)
    found = {name for name, pattern in _MOODS if pattern.search(plain)}
    return frozenset(found | ({"asked"} if plain.rstrip(" \"')").endswith("?") else set()))
