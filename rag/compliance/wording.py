"""Phrase lists: what the rules look for in words, read from `phrases/*.txt`, and how a match is judged.

Belongs here: reading the lists, matching them over every reading of a sentence (see `rag.compliance.reading`), and
whether a denial or a hedge in the same clause takes a match back. What a match means belongs to the rules.

A list is a section `[name]` with options (`denied=passes`: a denial before a match in its clause takes it back,
`denied=inside`: one within it does, too; `hedged=passes`: so does a hedge such as 'if' or 'may') and one regular
expression a line, over normalised lower-case text. A space stands for spaces or hyphens, ' ?' for any number of them,
`{name}` for any phrase of the list `name`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PHRASES_DIR = Path(__file__).parent / "phrases"

_SECTION = re.compile(r"\[(?P<name>\w+)\](?P<options>(?: \w+=\w+)*)")
_CLAUSE_END = re.compile(r"[.!?;:,\n(]|\s-\s|\b(?:but|and|so|then|because|yet)\b")
_REST_OF_NUMBER = re.compile(r"(?<=\d)[\d,.]*\d")
_TAKES_BACK_AFTER = re.compile(
    r"\W{1,3}(?:is|are|was|were|can|will|does|do)?\s*(?:not|never|n't)\s+(?:be\s+)?"
    r"(?:guaranteed|promised|offered|available|assured|certain|possible|implied|ours|something)\b"
)
# Words: how far before a match a denial or hedge still belongs to it. 4 to 10; eight spans 'we cannot promise that
# each one of you will be approved' and little more.
_REACH_WORDS = 8


@dataclass(frozen=True)
class PhraseList:
    """One list: its name, its pattern and what takes a match back."""

    name: str
    pattern: re.Pattern[str]
    is_denial_heard: bool
    is_denial_heard_inside: bool
    is_hedge_heard: bool


class PhraseError(ValueError):
    """A phrase list can't be read; the message names file and line."""


@cache
def phrase_lists(folder: Path = PHRASES_DIR) -> dict[str, PhraseList]:
    """Read every list.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of name to PhraseList

    Raises
    ------
    PhraseError
        If a line stands outside of a list, a name is used twice, or a pattern can't be compiled.
    """
    raw = _sections(folder)
    lists = {}
    for name, (options, patterns) in raw.items():
        if name in WORD_LISTS:
            continue
        body = "|".join(_flexible(_with_lists(pattern, raw)) for pattern in patterns)
        try:
            compiled = re.compile(rf"(?<!\w)(?:{body})(?![a-z])")
        except re.error as error:
            raise PhraseError(f"phrases, list {name}: a pattern can't be read ({error}); see its lines.") from error
        lists[name] = PhraseList(
            name,
            compiled,
            is_denial_heard=options.get("denied") in ("passes", "inside"),
            is_denial_heard_inside=options.get("denied") == "inside",
            is_hedge_heard=options.get("hedged") == "passes",
        )
    return lists


WORD_LISTS = (
    "denials",
    "not_denials",
    "hedges",
    "disguised",
    "prescreen_short_words",
    "no_person",
    "praise_verbs",
    "seller_words",
)
"""Sections of `phrases/words.txt` that are lists of words, no phrases to look for."""


def _with_lists(pattern: str, raw: dict[str, tuple[dict[str, str], list[str]]]) -> str:
    """Put lists in the place of their names: `{group}` is any phrase of the list `group`."""

    def phrases(match: re.Match[str]) -> str:
        return f"(?:{'|'.join(raw[match[1]][1])})" if match[1] in raw else match.group()

    return re.sub(r"(?<!\\)\{([a-z_]+)\}", phrases, pattern)


@cache
def word_list(name: str) -> tuple[str, ...]:
    """Return the lines of one of `WORD_LISTS`, in file order."""
    return tuple(_sections(PHRASES_DIR)[name][1])


@cache
def word_set(name: str) -> frozenset[str]:
    """Return the lines of one of `WORD_LISTS` as a set."""
    return frozenset(word_list(name))


@cache
def _sections(folder: Path) -> dict[str, tuple[dict[str, str], list[str]]]:
    found: dict[str, tuple[dict[str, str], list[str]]] = {}
    for path in sorted(folder.glob("*.txt")):
        current: list[str] | None = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            header = _SECTION.fullmatch(line)
            if header:
                if header["name"] in found:
                    raise PhraseError(f"{path.name}:{number}: list {header['name']} exists already; join the two.")
                current = []
                options = dict(part.split("=") for part in header["options"].split())
                found[header["name"]] = (options, current)
            elif line.strip() and not line.startswith("# "):
                if current is None:
                    raise PhraseError(f"{path.name}:{number}: a phrase outside of a list; put it under a [name].")
                current.append(line.strip())
    return found


def _flexible(pattern: str) -> str:
    """Let a space stand for spaces or hyphens, outside of character classes."""
    pieces = re.split(r"(\[\^?\]?[^\]]*\])", pattern)
    pieces[::2] = [part.replace(" ?", r"[\s\-]*").replace(" ", r"[\s\-]+") for part in pieces[::2]]
    return "".join(pieces)


@cache
def _any_of(name: str) -> re.Pattern[str]:
    body = "|".join(_flexible(line) for line in word_list(name))
    return re.compile(rf"(?<!\w)(?:{body})(?!\w)|n't\b" if name == "denials" else rf"(?<!\w)(?:{body})(?!\w)")


def find_phrase(readings: tuple[str, ...], name: str, *, unless: str | None = None) -> str | None:
    """Return the first phrase of a list that stands in a sentence and is not taken back.

    Parameters
    ----------
    readings : tuple of str
        The sentence as written and as a reader may take it; see `rag.compliance.reading`.
    name : str
        The list.
    unless : str, optional
        A list of harmless phrases; a match inside or across one of them does not count.

    Returns
    -------
    str or None
        The words found.
    """
    phrases = phrase_lists()[name]
    for text in readings:
        harmless = [match.span() for match in phrase_lists()[unless].pattern.finditer(text)] if unless else []
        position = 0
        while match := phrases.pattern.search(text, position):
            position = match.start() + 1
            is_harmless = any(start < match.end() and match.start() < end for start, end in harmless)
            if match.group().strip() and not is_harmless and not _is_taken_back(text, match, phrases):
                whole_number = _REST_OF_NUMBER.match(text, match.end())
                return text[match.start() : whole_number.end() if whole_number else match.end()].strip()
    return None


def has_phrase(readings: tuple[str, ...], name: str) -> bool:
    """Tell whether a phrase of a list stands in a text; see `find_phrase`."""
    return find_phrase(readings, name) is not None


def _is_taken_back(text: str, match: re.Match[str], phrases: PhraseList) -> bool:
    if not (phrases.is_denial_heard or phrases.is_hedge_heard):
        return False
    before = clause_before(text, match.start())
    heard = before + match.group() if phrases.is_denial_heard_inside else before
    if phrases.is_denial_heard and (is_denied(heard) or _TAKES_BACK_AFTER.match(text, match.end())):
        return True
    return phrases.is_hedge_heard and bool(_any_of("hedges").search(before))


def clause_before(text: str, position: int) -> str:
    """Return the words of the clause that stand before a place, at most `_REACH_WORDS` of them."""
    start = max((match.end() for match in _CLAUSE_END.finditer(text, 0, position)), default=0)
    words = list(re.finditer(r"\S+", text[start:position]))
    return text[start + words[-_REACH_WORDS].start() : position] if len(words) > _REACH_WORDS else text[start:position]


def is_denied(before: str) -> bool:
    """Tell whether the words before a phrase deny it: an odd number of denials, turns such as 'no doubt' aside."""
    plain = _any_of("not_denials").sub(" ", before)
    return len(_any_of("denials").findall(plain)) % 2 == 1
