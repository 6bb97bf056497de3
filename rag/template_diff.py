"""Differences between two versions of a text, as a person reads them.

Belongs here: aligning sentences and marking changed words. Which versions are compared is decided elsewhere.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

_PIECE = re.compile(r"\s+|[^\s]+")
_ALIKE = 0.5
"""Two sentences that share at least this part of their characters are one sentence, changed (0 to 1)."""


def differences(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Compare two texts sentence by sentence.

    Parameters
    ----------
    before, after : sequence of str
        Sentences in reading order.

    Returns
    -------
    list of str
        One line per sentence that is not in both, in reading order: '- ' and a sentence that went, '+ ' and one that
        came, '~ ' and one that changed, with its words marked: 'earns [-4.10%-] [+3.90%+] APY'. Empty = equal.
    """
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if tag != "equal":
            lines += _changed(before[i1:i2], after[j1:j2])
    return lines


def _changed(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Pair every new sentence with the old one it is most like, in order; what finds no pair went or came."""
    lines, rest = [], list(before)
    for new in after:
        ratios = [SequenceMatcher(a=old, b=new, autojunk=False).ratio() for old in rest]
        best = max(range(len(rest)), key=lambda i: ratios[i], default=None)
        if best is None or ratios[best] < _ALIKE:
            lines.append(f"+ {new}")
            continue
        lines += [f"- {old}" for old in rest[:best]]
        lines.append(f"~ {_marked(rest[best], new)}")
        rest = rest[best + 1 :]
    return lines + [f"- {old}" for old in rest]


def _marked(before: str, after: str) -> str:
    """Return one sentence with the words that went and came marked."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    parts = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        went, came = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag == "equal":
            parts.append(came)
            continue
        marks = [f"[-{went}-]"] * bool(went) + [f"[+{came}+]"] * bool(came)
        parts.append(" ".join(marks))
    return "".join(parts)
