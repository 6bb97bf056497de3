"""What stands around a quote: headings, the line a list hangs on, the sentences before and after.

Belongs here: limits that a whole sentence does not hold itself. 'There is no fee.' under 'For students', below 'These
are not true:' or before 'Except abroad.' is another claim than the same words alone. A text that quotes it must hold
the limit too. What a sentence itself points at is `rag.claims.pointing`.
"""

import re
from datetime import date
from itertools import takewhile

from rag.chunking import Chunk
from rag.claims import lexicon, normalise_claim_text, parse_claims
from rag.claims.conditions import find_conditions
from rag.claims.mood import moods_of
from rag.claims.pointing import points_outside
from rag.claims.sentences import BOUNDARY, split_sentences
from rag.claims.words import HEADING_STEMS, LIGHT_STEMS, NEUTRAL_STEMS, stem

_ITEM = re.compile(r"[ \t]*(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+")
_PARAGRAPH = re.compile(rf"\n[ \t]*\n|\n(?={_ITEM.pattern})")
"""Where a paragraph or an item of a list begins."""
_WORD = re.compile(r"[a-z][a-z']*")
_SCOPE = re.compile(r"\bonly\b|\bexcept\b|\bexclud\w+\b|\bmyths?\b|\bnon-?(?:binding|members?|residents?)\b")
_SHUNNED = re.compile(r"\bavoid(?:ed)?\b|\bwrong\b|\bforbidden\b")
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
_DAY_WORDS = r"from|effective|as\s+of|through|until|till|starting|valid|since|in\s+force|on|to|ends?|before"
_TOPICS = re.compile(r"\b(?:questions?|answers?|guides?|how|faqs?|help|glossary)\b", re.IGNORECASE)
"""Headings of collections: each answer below has a heading of its own."""
_FOOTNOTE = re.compile(r"[\u2020\u2021\u00b9\u00b2\u00b3\u2070-\u2079]|\[\d{1,2}\]|(?<=\w)[.!?]?\*+(?=[\s.,;]|$)")
_OPEN_END = re.compile(r"(?:[,\u2013-]|\b(?:that|the|a|an|of|for|and|or|to|not|no|if|with|without|in|on|is|are))\s*$")


def context_fault(
    text: str,
    quoted: str,
    chunk: Chunk,
    product_name: str,
    beside: frozenset[str] = frozenset(),
    day: date | None = None,
) -> str | None:
    """Return which limit around a quote its text leaves out, or None.

    Parameters
    ----------
    text : str
        What is said.
    quoted : str
        The whole sentences it quotes.
    chunk : Chunk
        The passage they stand in.
    product_name : str
    beside : frozenset of str
        Sentences that the same draft says, as they stand.
    day : date, optional
        Day on which the text would be sent; None = days in headings are not compared.
    """
    passage = chunk.text
    start = passage.find(quoted)
    own = _stems(text) | _stems(quoted)
    lead = _lead_in(passage, start) or ""
    above = _heading_fault(chunk, own, product_name, day) or _lead_in_fault(lead, own, product_name, day)
    if above:
        return above
    if _FOOTNOTE.search(_without_emphasis(quoted)):
        return "footnote_left_out"
    if _is_torn(passage, start, start + len(quoted)):
        return "quote_torn_from_line"
    return _neighbor_fault(quoted, passage, start, beside)


def _heading_fault(chunk: Chunk, own: frozenset[str], product_name: str, day: date | None) -> str | None:
    # Whom approved wording is for, its tags and its document say; its headings are labels for whoever keeps it.
    headings = () if chunk.tag("role") or chunk.tag("disclosure") else chunk.headings
    for place, heading in enumerate(headings, 1):
        undated = _without_days(heading, day)
        if undated is None or _limits_all_below(undated, own, product_name, is_last=place == len(headings)):
            return f"limited_by_heading: {heading[:40]}"
    return None


def _without_days(heading: str, day: date | None) -> str | None:
    """Return a heading without the days from or to which it holds, or None where it does not hold on a day."""
    for claim in parse_claims(heading):
        if claim.claim_type == "date" and claim.unit in ("date", "year_month"):
            said = str(claim.value)
            today = day.isoformat()[: len(said)] if day else said
            if said < today if "end" in claim.subject else said > today:
                return None
            heading = re.sub(rf"(?:\b(?:{_DAY_WORDS})\s+)*{re.escape(claim.text)}", " ", heading, flags=re.IGNORECASE)
    return heading


def _lead_in_fault(lead: str, own: frozenset[str], product_name: str, day: date | None) -> str | None:
    undated = _without_days(lead, day)
    named = _content(undated or "", product_name)
    unsaid = not named <= own and (named - own - NEUTRAL_STEMS - HEADING_STEMS or _is_limiting(lead, product_name))
    return f"limited_by_lead_in: {lead[:40]}" if undated is None or unsaid else None


def _neighbor_fault(text: str, passage: str, start: int, beside: frozenset[str]) -> str | None:
    before, after = _neighbors(passage, start, start + len(text))
    if _limits(after) and after not in beside:
        return f"limit_left_out: {after[:40]}"
    first = next(iter(split_sentences(text)), "")
    if before and points_outside(first) and before not in beside:
        return f"sentence_before_left_out: {before[:40]}"
    return None


def _limits_all_below(heading: str, own: frozenset[str], product_name: str, *, is_last: bool) -> bool:
    """Tell whether a heading says for whom, when or of what its passages hold, and the text does not say it."""
    named = _content(heading, product_name)
    if named <= own or not any(sign.islower() for sign in heading):
        return False
    if _is_limiting(heading, product_name):
        return True
    unsaid = named - own - NEUTRAL_STEMS - HEADING_STEMS
    if heading.rstrip().endswith("?"):  # its words come back in its answer; an answer with none of them is torn
        return is_last and bool(unsaid) and not (named - NEUTRAL_STEMS - HEADING_STEMS) & own
    return bool(unsaid) and (is_last or not _TOPICS.search(heading))


def _without_emphasis(text: str) -> str:
    return re.sub(r"(\*{1,2})(?=\S)([^*]+)(?<=\S)\1", r"\2", text)


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
    is_told = not is_question and (moods or _SHUNNED.search(plain))
    return bool(conditions or is_told or lexicon.NEGATORS.search(plain) or _SCOPE.search(plain))


def _lead_in(passage: str, start: int) -> str | None:
    """Return the line with a colon at its end that the list of a sentence hangs on, or the head of its table."""
    lines = passage[: passage.find("\n", start) if "\n" in passage[start:] else len(passage)].split("\n")
    if lines[-1].lstrip().startswith("|"):
        table = list(takewhile(lambda line: line.lstrip().startswith("|"), reversed(lines)))
        return table[-1] if len(table) > 1 else None
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
    before, after = _PARAGRAPH.split(passage[:start])[-1], _PARAGRAPH.split(passage[end:])[0]
    left, right = split_sentences(before), [part for part in BOUNDARY.split(after) if part and part.strip()]
    return (_ITEM.sub("", left[-1]).strip() if left else ""), (right[0].strip() if right else "")
