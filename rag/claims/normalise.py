"""Normalising a text before its claims are read, with the way back to the original characters.

Belongs here: compatibility forms (NFKC), invisible characters, look-alike letters, digits of other scripts, vulgar
fractions, number words. What the numbers mean belongs to `rag.claims.parser`.

Every rewriting keeps, for each character of the result, the place in the original it came from; so a claim that was
read from 'four percent' can still be shown where it stands.
"""

import re
import unicodedata
from dataclasses import dataclass

INVISIBLE_CATEGORIES = ("Cf", "Cc", "Co", "Cn")

# Look-alikes of Latin letters, by script. Only letters that a reader can't tell apart at text size.
_LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТХаеорсухіјѕԁɡӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορυχ",
    "ABEKMHOPCTXaeopcyxijsdglABEZHIKMNOPTYXaivopux",
)
_PUNCTUATION = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u066a": "%",
        "\u2030": "\u2030",
        "\u00a0": " ",
        "\u202f": " ",
    }
)
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75", "⅛": "125", "⅜": "375", "⅝": "625", "⅞": "875", "⅕": "2", "⅖": "4"}

_SMALL = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_UNIT_WORDS = (
    r"percent(?:age)?|per\s+cent|pct|%|dollars?|usd|cents?|bucks|basis|bps|points?|"
    r"days?|weeks?|months?|years?|hours?|minutes?|times?|payments?|branches|atms?|miles"
)
_NUMBER_WORD = rf"(?:{'|'.join([*_SMALL, *_SCALES])})"
_NUMBER_WORDS = re.compile(
    rf"\b(?P<a>a\s+(?=hundred|thousand|million))?{_NUMBER_WORD}(?:(?:\s+|-|\s+and\s+){_NUMBER_WORD})*"
    rf"(?P<point>\s+point(?:\s+{_NUMBER_WORD})+)?(?P<fraction>\s+and\s+a\s+(?:half|quarter))?\b(?P<ish>-?ish\b)?",
    re.IGNORECASE,
)
_FOLLOWED_BY_UNIT = re.compile(rf"[\s-]*(?:[a-z]+[\s-]+)?(?:{_UNIT_WORDS})\b|[\s-]*%", re.IGNORECASE)


@dataclass(frozen=True)
class Normalised:
    """A normalised text and the way back.

    Attributes
    ----------
    text : str
        The text claims are read from.
    starts, ends : tuple of int
        For each of its characters the half-open place in the original it came from.
    hidden : int
        Invisible characters that were taken out.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    hidden: int

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open place in the original text that gave `text[start:end]`."""
        return self.starts[start], self.ends[end - 1]


def normalise_claim_text(text: str) -> Normalised:
    """Bring a text to plain characters and digits, keeping the way back.

    Parameters
    ----------
    text : str
        A sentence or a quote.

    Returns
    -------
    Normalised
    """
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    hidden = 0
    for index, character in enumerate(text):
        if character not in "\n\t" and unicodedata.category(character) in INVISIBLE_CATEGORIES:
            hidden += 1
            continue
        for plain in _plain(character, characters[-1] if characters else ""):
            characters.append(plain)
            places.append((index, index + 1))
    joined, places = _replace_number_words(_repair_digit_lookalikes("".join(characters)), places)
    return Normalised(joined, tuple(place[0] for place in places), tuple(place[1] for place in places), hidden)


def _plain(character: str, before: str) -> str:
    """Return the plain form of one character; fractions become decimals, superscripts keep their mark."""
    if character in _FRACTIONS:
        return ("." if before.isdigit() else "0.") + _FRACTIONS[character]
    if unicodedata.decomposition(character).startswith(("<super>", "<sub>")):
        return "^" + unicodedata.normalize("NFKC", character)
    if character.isdigit():
        return str(unicodedata.digit(character))
    if unicodedata.combining(character):
        return ""
    plain = unicodedata.normalize("NFKD", character).translate(_LOOKALIKES).translate(_PUNCTUATION)
    return "".join(part for part in plain if not unicodedata.combining(part))


def _repair_digit_lookalikes(text: str) -> str:
    """Read the letters O, l and I inside a number as the digits they look like."""

    def repair(match: re.Match) -> str:
        return match.group().translate(str.maketrans("OoIl", "0011"))

    return re.sub(r"(?<![\w])(?=[OoIl\d.,]*\d)[OoIl\d][OoIl\d.,]*[OoIl](?=\s*%|[\s.,;]|$)", repair, text)


def _replace_number_words(text: str, places: list[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Write number words as digits where a unit follows or several of them stand together."""
    pieces: list[str] = []
    new_places: list[tuple[int, int]] = []
    position = 0
    for match in _NUMBER_WORDS.finditer(text):
        is_alone = not re.search(r"[\s-]", match.group().strip())
        if is_alone and not _FOLLOWED_BY_UNIT.match(text, match.end()):
            continue
        value = _number_of(match)
        if value is None:
            continue
        if match["ish"]:
            value = "about " + value
        pieces += [text[position : match.start()], value]
        whole = (places[match.start()][0], places[match.end() - 1][1])
        new_places += places[position : match.start()] + [whole] * len(value)
        position = match.end()
    pieces.append(text[position:])
    return "".join(pieces), new_places + places[position:]


def _number_of(match: re.Match) -> str | None:
    """Return the digits of a number in words, or None where the words are no number."""
    words = match.group()
    for part in ("point", "fraction", "ish"):
        if match[part]:
            words = words.replace(match[part], "")
    total = current = 0
    tokens = [token for token in re.split(r"[\s-]+", words.lower()) if token not in ("and", "a", "")]
    for token in tokens:
        if token in _SMALL:
            if current % 10 and _SMALL[token] < 10 and current < 100:
                return None
            current += _SMALL[token]
        elif token == "hundred":  # noqa: S105 - a word, not a secret
            current = max(current, 1) * 100
        elif token in _SCALES:
            total += max(current, 1) * _SCALES[token]
            current = 0
    value = str(total + current)
    if match["point"]:
        digits = [_SMALL[token] for token in match["point"].lower().split()[1:] if token in _SMALL]
        return value + "." + "".join(str(digit) for digit in digits)
    if match["fraction"]:
        return value + (".5" if "half" in match["fraction"].lower() else ".25")
    return value
