"""Where a text's sentences begin and end.

Belongs here: the one cut that grounding, quotes and rules share. Decimals and inner points are no ends.
"""

import re

_ABBREVIATIONS = (
    *("approx", "appr", "ca", "vs", "e.g", "i.e", "incl", "excl", "max", "min", "mr", "ms", "mrs", "dr"),
    *("st", "mt", "ave", "blvd", "n", "s", "e", "w"),
)
_NOT_AFTER = "".join(rf"(?<!\b{re.escape(word)}\.)" for word in _ABBREVIATIONS)
_LOWER_WORD = r"[a-z][a-z'-]*(?:[\s,;:!?)]|\.(?!\w)|$)"
# A sentence cut at 'approx.' would lose the word that limits the number behind it; one cut at 'U.S.' or 'Inc.' that
# goes on in lower case would lose for whom it holds.
BOUNDARY = re.compile(rf"(?:(?<=[.!?])(?i:{_NOT_AFTER})|(?<=[.!?][\"')\]]))[^\S\n]++(?!\n|{_LOWER_WORD})|\s*\n\s*")


def split_sentences(text: str) -> list[str]:
    """Cut a text at sentence ends and line ends."""
    return [part.strip() for part in BOUNDARY.split(text) if part and part.strip()]


def whole_sentences(text: str, start: int, end: int) -> str:
    """Return the sentences of `text` that the half-open span touches."""
    cuts = [0]
    for match in BOUNDARY.finditer(text):
        cuts += [match.start(), match.end()]
    cuts.append(len(text))
    left = max(cut for cut in cuts[0::2] if cut <= start)
    right = min(cut for cut in cuts[1::2] if cut >= end)
    return text[left:right].strip()
