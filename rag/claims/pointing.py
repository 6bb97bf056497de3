"""Whether a sentence can be understood by itself, or points at something that stands outside of it.

Belongs here: the words that point. 'What is not named here has no fee' is true in its sheet and false in a letter;
'There is no fee for that' says nothing without the question before it. A claim torn from what it points at is another
claim, so neither a text nor a quote may point outside. Which wording is approved as it stands is for `rag.grounding`.
"""

import re

_SHOWN = r"(?:named|listed|shown|stated|described|given|mentioned|noted|explained|printed|set\s+out|found|covered)"
_PAPER = (
    r"(?:sheet|schedule|list|table|page|document|section|guide|line|row|column|passage|note|footnote|answer|chart|"
    r"paragraph|heading|example|case|question)s?"
)
_THING = r"(?:account|card|loan|cd|certificate|policy|savings|checking|product|harbor|_+|\{product_name\})"
_OPENING = re.compile(
    rf"(?:(?:this|that|these|those)\b(?!\s+{_THING})|(?:they|them|their|both|neither|either|such|same|then|otherwise|"
    r"else|instead|also|likewise|therefore|thus|hence|yes|but|and|or|nor|former|latter)\b|no,|so,|each\s+(?:of|has|is|"
    r"earns?|costs?|needs?|one)\b|the\s+(?:same|former|latter|other|others|rest)\b|if\s+(?:so|not)\b)",
)
_ANYWHERE = (
    re.compile(rf"\b{_SHOWN}\s+(?:here|above|below|there|elsewhere)\b"),
    re.compile(rf"\bnot\s+{_SHOWN}\b|\bisn't\s+{_SHOWN}\b|\baren't\s+{_SHOWN}\b"),
    re.compile(rf"\b(?:this|these|that|those|the\s+(?:following|above|below|next|previous|other|same))\s+{_PAPER}\b"),
    re.compile(r"\b(?:as\s+follows|the\s+following|the\s+(?:above|former|latter)|aforementioned|aforesaid)\b"),
    re.compile(r"\bhere\b(?!'s|\s+(?:is|are)\b)|\bthere\b(?!\s+(?:is|are|was|were|will|may|can|has|have)\b)"),
    re.compile(r"\b(?:above|below|then|otherwise)\s*[.!?]*$"),
    re.compile(
        r"\b(?:for|on|with|of|in|at|to|from|by|after|before|during|without)\s+(?:this|that|these|those|them|"
        r"either|both)\s*(?:[.,;:!?]|$)|\bfor\s+it\s*(?:[.,;:!?]|$)"
    ),
    re.compile(
        r"\b(?:that|those|such(?:\s+an?)?)\s+(?:fees?|rates?|amounts?|charges?|months?|days?|times?|sums?|"
        r"balances?|terms?|periods?|yields?|bonus(?:es)?)\b"
    ),
    re.compile(r"\b(?:anything|everything|all|nothing|whatever)\s+else\s+(?:is|has|are|costs?)\b|\bno\s+other\b"),
)
_CONTINUING = re.compile(r"(?:it|its|he|she)\b")


def points_outside(text: str, *, is_quote: bool = False) -> str | None:
    """Return the words by which a sentence points outside of itself, or None if it stands by itself.

    Parameters
    ----------
    text : str
        One sentence.
    is_quote : bool
        Whether it is a source's: then 'it' at its start is something the sentence before it names. In a text 'it' is
        the product, which its message names.

    Examples
    --------
    >>> points_outside("What is not named here has no fee.")
    'named here'
    >>> points_outside("It costs nothing.", is_quote=True)
    'it'
    >>> points_outside("This account has no monthly fee.") is None
    True
    """
    plain = " ".join(text.lower().replace("\u2019", "'").strip(" -*\u2022\"'\u201c").split())
    found = _OPENING.match(plain) or (_CONTINUING.match(plain) if is_quote else None)
    for pattern in _ANYWHERE:
        found = found or pattern.search(plain)
    return found[0].strip() if found else None
