"""Reading a text: sentences, tokens, stems, negation, names, numbers.

Belongs here: everything that can be said of a claim or of its evidence alone. What the two have in common belongs to
`rag.support.features`. All of it is rules; nothing is learned and nothing raises on odd input.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from rag.support.lexicon import NEGATORS, STOPWORDS
from rag.support.quantities import UNITS, Quantity, find_quantities
from rag.support.relations import IRREGULAR
from rag.support.words import word_weight

MAX_CHARACTERS = 100_000
"""A text is read up to here; longer evidence is cut down to what matters before, see `rag.support.preselection`."""
MAX_CLAIM_CHARACTERS = 6_000
MAX_SENTENCE_TOKENS = 90
"""A longer 'sentence' (a list, a table without full stops) is cut, so that one window can't hold everything."""
NEGATION_REACH = 5
"""Tokens after a negator that count as negated, within the clause."""

_PUNCTUATION = str.maketrans({
    "‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": " - ", "−": "-", "\u00a0": " ", "…": ". ",
})  # fmt: skip
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[%$€£&]|[.,;:!?()\[\]\"]")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9À-Þ])|\n+|(?<=[;])\s+")
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Inc|Ltd|Co|Corp|Gen|Sen|Rep|Gov|Lt|Col|Sgt|approx|e\.g|"
    r"i\.e|etc|a\.m|p\.m|U\.S|U\.K|[A-Z])\.$"
)
_SPEAKER = re.compile(r"^\s*(?P<name>[A-Z#][\w.'#-]*(?: [\w.'#-]+){0,3})\s?:\s+(?=\S)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ACRONYMS_LIKE_WORDS = frozenset({"who", "us", "it"})
_NUMBER_STEMS = {word: str(value) for word, value in UNITS.items() if word not in ("one", "dozen")}
_SHORT_MINUTES = re.compile(r"\b(\d{1,2}):(\d)(?![\d:])")
"""Hours as records write them: '7:0-15:30'."""
_VOWEL = re.compile(r"[aeiouy]")
CLAUSE_ENDS = frozenset('.;:!?()"') | {"but", "although", "though", "while", "because", "however"}
PUNCTUATION = frozenset('.,;:!?()[]"%$€£&')


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text with its marks.

    Attributes
    ----------
    text : str
        As written (after NFKC).
    lower, stem : str
        Lower case, and reduced to a stem that joins its forms.
    is_content : bool
        Whether it carries meaning of its own (no function word, no punctuation).
    is_name : bool
        Whether it is written like a name: a capital letter inside a sentence, an acronym, an identifier with digits.
    is_negated : bool
        Whether a negator reaches it.
    in_negated_clause : bool
        Whether its clause holds a negator, before or after it.
    weight : float
        How much it says: the length of its static word vector (function words 1.5 to 3, rare words and names 5 to 13).
    """

    text: str
    lower: str
    stem: str
    is_content: bool
    is_name: bool
    is_negated: bool
    in_negated_clause: bool
    weight: float


@dataclass(frozen=True)
class Sentence:
    """A sentence: its text and its words (punctuation left out)."""

    text: str
    tokens: tuple[Token, ...]
    quantities: tuple[Quantity, ...]
    words: frozenset[str]
    stems: frozenset[str]


@dataclass
class Reading:
    """A text that has been read: its sentences, and caches that features fill."""

    sentences: list[Sentence]
    cache: dict = field(default_factory=dict)

    @property
    def tokens(self) -> list[Token]:
        """All tokens, in order."""
        return [token for sentence in self.sentences for token in sentence.tokens]


@lru_cache(maxsize=200_000)
def stem_of(word: str) -> str:
    """Reduce a lower-case word to a stem: 'voted' and 'voting' to 'vot', 'cities' and 'city' to 'citi'."""
    if word[:1].isdigit():
        return word.replace(",", "")
    if word in _NUMBER_STEMS:
        return _NUMBER_STEMS[word]
    word = IRREGULAR.get(word, word)
    if len(word) > 3 and word.endswith("'s"):
        word = word[:-2]
    word = word.replace("'", "")
    if len(word) <= 3 or not word.isalpha():
        return word
    word = IRREGULAR.get(word, word)
    for suffix, kept in (("isation", "iz"), ("ization", "iz"), ("ise", "iz"), ("ised", "iz"), ("ising", "iz"),
                         ("ational", "at"), ("fulness", "ful"), ("iveness", "iv"), ("ousness", "ous"),
                         ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ations", "at"), ("ation", "at"),
                         ("ments", ""), ("ment", ""), ("nesses", ""), ("ness", ""), ("ings", ""), ("ing", ""),
                         ("edly", ""), ("ed", ""), ("ers", "er"), ("es", ""), ("ly", ""), ("s", "")):  # fmt: skip
        root = word[: -len(suffix)]
        if (
            word.endswith(suffix)
            and len(root) >= 3
            and _VOWEL.search(root)
            and not (suffix == "s" and root[-1] in "su")
        ):
            word = root + kept
            break
    word = IRREGULAR.get(word, word)
    if len(word) > 3 and word[-1] == word[-2] and word[-1] in "bdfgmnprt":
        word = word[:-1]
    if len(word) > 3 and word[-1] in "ey":
        word = word[:-1] + ("i" if word[-1] == "y" else "")
    return word


def normalise(text: str) -> str:
    """Return the text in compatibility form, with plain quotes and dashes, without control characters."""
    text = unicodedata.normalize("NFKC", text).translate(_PUNCTUATION)
    return "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else " " for c in text)


def split_sentences(text: str) -> list[str]:
    """Split a normalised text at sentence ends, line ends and semicolons; a speaker's name stays with each sentence.

    A text that is one JSON value is read as records: one sentence for each field, with the names on the way to it.
    """
    record = _record_sentences(text)
    if record is not None:
        return record
    sentences: list[str] = []
    for line in text.split("\n"):
        speaker = _SPEAKER.match(line)
        name = f"{speaker['name']}: " if speaker else ""
        body = line[speaker.end() :] if speaker else line
        parts: list[str] = []
        for part in _SENTENCE_END.split(body):
            if parts and _ABBREVIATION.search(parts[-1]):
                parts[-1] = f"{parts[-1]} {part}"
            elif part.strip():
                parts.append(part.strip())
        sentences += [name + part for part in parts]
    return sentences


def _record_sentences(text: str) -> list[str] | None:
    """Return one sentence for each field of a JSON text (several values may follow each other), or None."""
    head = text.lstrip()[:1]
    if head not in ("{", "["):
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return None
    rest = text.lstrip()[end:].strip()
    lines: list[str] = []
    _flatten(value, "", lines, 0)
    return lines + (split_sentences(rest) if rest else [])


def _flatten(value: object, path: str, lines: list[str], depth: int) -> None:
    if depth > 12:
        lines.append(f"{path}: {value!s:.500}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            name = _CAMEL.sub(" ", str(key)).replace("_", " ")
            _flatten(inner, f"{path} {name}".strip(), lines, depth + 1)
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for inner in value:
            _flatten(inner, path, lines, depth + 1)
    elif isinstance(value, list):
        lines.append(f"{path}: {', '.join(map(str, value))}")
    elif isinstance(value, str) and len(value) > 60:
        lines += [f"{path}: {sentence}" for sentence in split_sentences(value.replace("{", " ").replace("[", " "))]
    elif value is False or value is None or (isinstance(value, str) and value.lower() in ("no", "none", "closed")):
        lines.append(f"{path}: not {path}, {value if isinstance(value, str) else 'no'}")
    else:
        shown = "yes" if value is True else _SHORT_MINUTES.sub(r"\1:0\2", str(value))
        lines.append(f"{path}: {shown}".replace("_", " "))


def read(text: str, limit: int = MAX_CHARACTERS) -> Reading:
    """Read a text.

    Parameters
    ----------
    text : str
        Any text; characters beyond `limit` are left out.
    limit : int
        At least 1.

    Returns
    -------
    Reading
        Without sentences where the text holds no word.
    """
    sentences: list[Sentence] = []
    for part in split_sentences(normalise(text[:limit])):
        sentences += _read_sentence(part)
    return Reading(sentences)


def _read_sentence(text: str) -> list[Sentence]:
    raw = _TOKEN.findall(_split_contractions(text))
    if not any(part not in PUNCTUATION for part in raw):
        return []
    pieces = [raw[i : i + MAX_SENTENCE_TOKENS] for i in range(0, len(raw), MAX_SENTENCE_TOKENS)]
    sentences = []
    for i, piece in enumerate(pieces):
        tokens = _mark(piece, starts_sentence=i == 0)
        if tokens:
            shown = text if len(pieces) == 1 else " ".join(piece)
            words = frozenset(token.lower for token in tokens)
            quantities = tuple(find_quantities(shown))
            sentences.append(Sentence(shown, tokens, quantities, words, frozenset(token.stem for token in tokens)))
    return sentences


def _split_contractions(text: str) -> str:
    text = re.sub(r"\b(can)not\b", r"\1 not", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(ca|wo|sha)n't\b", r"\1n not", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\w)n't\b", " not", text, flags=re.IGNORECASE)
    return re.sub(r"(?<=\w)'(?:s|d|ll|re|ve|m)\b", "", text, flags=re.IGNORECASE)


def _mark(raw: list[str], starts_sentence: bool) -> tuple[Token, ...]:
    """Turn raw tokens into marked ones; punctuation ends clauses and is dropped."""
    tokens: list[Token] = []
    reach = 0
    is_first = starts_sentence
    in_negated = _negated_clauses(raw)
    for i, text in enumerate(raw):
        if text in PUNCTUATION:
            reach = 0 if text in CLAUSE_ENDS else reach
            is_first = is_first or text in '.:!?"'
            continue
        lower = text.lower()
        reach = 0 if lower in CLAUSE_ENDS else reach
        is_name = _is_name(text, is_first, raw[i + 1] if i + 1 < len(raw) else "")
        is_plain = lower not in STOPWORDS and lower not in NEGATORS and (len(lower) > 1 or lower.isdigit())
        is_content = is_plain or (is_name and len(lower) > 1)
        weight = word_weight(text if is_name else lower) if is_content else 1.0
        tokens.append(Token(text, lower, stem_of(lower), is_content, is_name, reach > 0, in_negated[i], weight))
        is_first = False
        if lower in NEGATORS:
            reach = NEGATION_REACH
        elif is_content:
            reach = max(0, reach - 1)
    return tuple(tokens)


def _negated_clauses(raw: list[str]) -> list[bool]:
    """Tell of each raw token whether its clause holds a negator."""
    flags: list[bool] = []
    clause: list[str] = []
    for text in [*raw, "."]:
        if text.lower() in CLAUSE_ENDS:
            flags += [any(word in NEGATORS for word in clause)] * len(clause) + [False]
            clause = []
        else:
            clause.append(text.lower())
    return flags


def _is_name(text: str, is_first: bool, following: str) -> bool:
    lower = text.lower()
    if not text[0].isupper() or (lower in STOPWORDS and (not text.isupper() or lower not in _ACRONYMS_LIKE_WORDS)):
        return False
    if len(text) > 1 and text.isupper():
        return lower not in NEGATORS
    return not is_first or (following[:1].isupper() and following.lower() not in STOPWORDS)


def content_tokens(reading: Reading) -> list[Token]:
    """Return the tokens that carry meaning, in order."""
    return [token for token in reading.tokens if token.is_content]


def weights_of(tokens: list[Token]) -> np.ndarray:
    """Return the weights of tokens, float64, (len(tokens),)."""
    return np.array([token.weight for token in tokens], dtype=np.float64)
