"""What stands around a quote: headings, the line a list hangs on, the sentences before and after.

Belongs here: limits that a whole sentence does not hold itself. 'There is no fee.' under 'For students', below 'These
are not true:' or before 'Except abroad.' is another claim than the same words alone. A text that quotes it must hold
the limit too. What a sentence itself points at is `rag.claims.pointing`.
"""

import re

from rag.claims import lexicon, normalise_claim_text
from rag.claims.conditions import find_conditions
from rag.claims.mood import moods_of
from rag.claims.pointing import points_outside
from rag.claims.sentences import BOUNDARY, split_sentences
from rag.claims.words import LIGHT_STEMS, NEUTRAL_STEMS, stem
from rag.evidence import Evidence

_ITEM = re.compile(r"[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+")
_WORD = re.compile(r"[a-z][a-z']*")
_SCOPE = re.compile(r"\bonly\b|\bexcept\b|\bexclud\w+\b|\bmyths?\b|\bnon-?(?:binding|members?|residents?)\b")
_ASKING = re.compile(r"(?:what|when|where|who|whose|why|how|which|can|may|will|do|does|is|are|must|should|could)\b")
_UNBOUND = ("for:", "on:")
"""What a question asks about is no limit ('How long do I wait for a card?'); what it presupposes is ('if I ...')."""
_TAKES_BACK = re.compile(
    r"[\"'\u201c]*(?:\(|except|unless|but\b|however|only\b|yet\b|though|although|otherwise|provided|excluding|excludes?\b|"
    r"exceptions?\b|valid\b|not\s+(?:for|if|in|to|when|with)\b|(?:this|that|it|they|these)\s+(?:applies|apply|holds?|"
    r"ends?|does\s+not|do\s+not|is\s+(?:only|not)|are\s+(?:only|not)|only|excludes?|offer|waiver)\b)",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(r"(?:for|if|with|when|until|as\s+long\s+as|in|on)\b[^,]*$", re.IGNORECASE)
"""'For students.' is a piece of the sentence before it; 'If you move, tell us.' is a sentence."""
_OPEN_END = re.compile(r"(?:[,\u2013-]|\b(?:that|the|a|an|of|for|and|or|to|not|no|if|with|without|in|on|is|are))\s*$")


def context_fault(text: str, item: Evidence, beside: frozenset[str], product_name: str) -> str | None:
    """Return which limit around a quote its text leaves out, or None.

    Parameters
    ----------
    text : str
        What is said.
    item : Evidence
        What it cites.
    beside : frozenset of str
        Sentences that the same draft says, as they stand.
    product_name : str
    """
    passage = item.source.chunk.text
    start = passage.find(item.text)
    end = start + len(item.text)
    own = _stems(text)
    # Whom approved wording is for, its tags and its document say; its headings are labels for whoever keeps it.
    for heading in () if item.source.chunk.tag("role") else item.source.chunk.headings:
        if _is_limiting(heading, product_name) and not _content(heading, product_name) <= own:
            return f"limited_by_heading: {heading[:40]}"
    lead = _lead_in(passage, start)
    named = _content(lead, product_name) if lead else frozenset()
    if lead and not named <= own and (named - NEUTRAL_STEMS or _is_limiting(lead, product_name)):
        return f"limited_by_lead_in: {lead[:40]}"
    if _is_torn(passage, start, end):
        return "quote_torn_from_line"
    before, after = _neighbors(passage, start, end)
    if _limits(after) and after not in beside:
        return f"limit_left_out: {after[:40]}"
    first = next(iter(split_sentences(item.text)), "")
    if before and points_outside(first) and before not in beside:
        return f"sentence_before_left_out: {before[:40]}"
    return None


def _limits(after: str) -> bool:
    """Tell whether a sentence takes back or narrows what stands before it."""
    return after[:1].islower() or bool(_TAKES_BACK.match(after) or _FRAGMENT.match(after))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _WORD.findall(normalise_claim_text(text).text.lower()))


def _content(line: str, product_name: str) -> frozenset[str]:
    return _stems(line) - LIGHT_STEMS - _stems(product_name)


def _is_limiting(line: str, product_name: str) -> bool:
    """Tell whether a heading or lead-in says for whom, when or in which sense what follows holds."""
    plain = normalise_claim_text(line).text.lower()
    name = normalise_claim_text(product_name).text.lower()
    plain = plain.replace(name, "_" * len(name)) if name else plain
    is_question = plain.rstrip().endswith("?")
    if is_question:
        plain = _ASKING.sub("", plain.strip(), count=1)
    conditions = [c.canonical for c in find_conditions(plain) if not (is_question and c.canonical.startswith(_UNBOUND))]
    moods = moods_of(plain) - {"asked", "can", "must"}
    return bool(conditions or (moods and not is_question) or lexicon.NEGATORS.search(plain) or _SCOPE.search(plain))


def _lead_in(passage: str, start: int) -> str | None:
    """Return the line with a colon at its end that the list of a sentence hangs on."""
    lines = passage[: passage.find("\n", start) if "\n" in passage[start:] else len(passage)].split("\n")
    if not _ITEM.match(lines[-1]):
        return None
    for line in reversed(lines[:-1]):
        if line.strip() and not _ITEM.match(line):
            return line.strip() if line.rstrip().endswith(":") else None
    return None


def _is_torn(passage: str, start: int, end: int) -> bool:
    """Tell whether the line of a quote is a piece of a sentence that goes over several lines."""
    above = passage[:start].rsplit("\n", 2)
    line = passage[start:]
    follows_text = len(above) > 1 and not above[-1].strip() and above[-2].strip() and not _ITEM.match(line)
    if follows_text and (line[:1].islower() or _OPEN_END.search(above[-2])):
        return True
    is_ended = passage[:end].rstrip()[-1:] in ".!?:;"
    return not is_ended and re.match(r"[ \t]*\n[ \t]*[a-z]", passage[end:]) is not None


def _neighbors(passage: str, start: int, end: int) -> tuple[str, str]:
    """Return the sentences before and after a place, empty where there is none in its paragraph."""
    before = re.split(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t])", passage[:start])[-1]
    after = re.split(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t])", passage[end:])[0]
    left, right = split_sentences(before), [part for part in BOUNDARY.split(after) if part and part.strip()]
    return (_ITEM.sub("", left[-1]).strip() if left else ""), (right[0].strip() if right else "")
