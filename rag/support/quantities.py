"""Numbers of any text: values, what they count, times of day, years.

Belongs here: finding quantities in general prose and telling whether two are the same. Typed banking claims (APY, fees,
conditions) belong to `rag.claims`, which is stricter and of one trade.
"""

import re
from dataclasses import dataclass

from rag.support.lexicon import STOPWORDS

UNITS = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "dozen": 12, "one": 1,
}  # fmt: skip
_SCALES = {"hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9,
           "trillion": 1e12}  # fmt: skip
_ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = "|".join(sorted(UNITS, key=len, reverse=True))
_SMALL = rf"(?:(?:{'|'.join(_TENS)})[\s-](?:{'|'.join(_ONES)})\b|(?:{_WORDS})\b)"
"""A number word below a hundred: 'twelve', 'twenty-four'; 'eight and ten' are two."""
_TIME = re.compile(
    r"\b(?P<h>\d{1,2})(?:[:.](?P<m>\d\d))?\s?(?P<half>a\.?m\b\.?|p\.?m\b\.?)|\b(?P<h24>\d{1,2}):(?P<m24>\d\d)(?!\d|:)",
    re.I,
)
_DIGITS = re.compile(
    r"(?P<currency>[$€£])?\s?(?<![\w.])(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|"
    r"\d+(?:\.\d+)?)(?P<ordinal>st|nd|rd|th)?(?P<s>k|m|bn|s)?\b"
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion)\b)?"
    r"(?:\s?(?P<unit>%|(?:per\s?cent|percent|percentage points?|basis points?|dollars?|euros?|pounds?)\b))?",
    re.I,
)
_SPELLED = re.compile(
    rf"\b(?P<head>(?:half\s)?an?(?=[\s-](?:hundred|thousand|million|billion|dozen)\b)|{_SMALL})"
    rf"(?P<tail>(?:[\s-](?:dozen|hundred|thousand|million|billion)\b(?:[\s-](?:and\s)?{_SMALL})?)*)"
    rf"(?P<half>\sand\sa\shalf\b)?(?:\s(?P<unit>per\s?cent|percent)\b)?",
    re.I,
)
_BOUND = re.compile(
    r"(?:(?P<least>\b(?:more|greater|higher|longer|larger|older) than|\b(?:over|above|exceed(?:s|ed|ing)?|at least|"
    r"upwards of|no (?:fewer|less) than|a minimum of))|"
    r"(?P<most>\b(?:(?:less|fewer|lower|shorter|smaller|younger) than|under|below|at most|up to|no more than|"
    r"not more than|a maximum of|within))|"
    r"(?P<about>\b(?:about|around|roughly|approximately|nearly|almost|some|just (?:over|under)|close to|"
    r"an estimated|circa)))\s*$",
    re.I,
)
_NEXT_WORD = re.compile(r"[\s-]*(?:of\s+|the\s+)*(?P<word>[^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text.

    Attributes
    ----------
    value : float
        The number; times of day as minutes after midnight plus 1e7, so that they equal only each other.
    kind : str
        'percent', 'time', 'year' (1000 to 2100 without a unit), 'money', 'number'.
    noun : str
        The next word in lower case, mostly what is counted; '' at the end.
    text : str
        As written.
    bound : str
        'least' after 'more than' and the like, 'most' after 'fewer than', 'about' after 'nearly', else ''.
    """

    value: float
    kind: str
    noun: str
    text: str
    bound: str = ""


def find_quantities(text: str) -> list[Quantity]:
    """Return the quantities of a normalised sentence, left to right; 'one' counts only within a larger number."""
    found: list[tuple[int, Quantity]] = []
    taken = bytearray(len(text))
    for match in _TIME.finditer(text):
        found.append((match.start(), Quantity(_minutes(match), "time", "", match.group().strip())))
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    for match in _DIGITS.finditer(text):
        if not any(taken[match.start("n") : match.end("n")]):
            found.append((match.start(), _from_digits(match, text)))
    lower = text.lower()
    for match in _SPELLED.finditer(lower):
        value = _spelled_value(match["head"], match["tail"], bool(match["half"]))
        if (
            value is not None
            and not any(taken[match.start() : match.end()])
            and not _follows_digits(lower, match.start())
        ):
            kind = "percent" if match["unit"] else "number"
            bound = _bound(text, match.start())
            found.append((match.start(), Quantity(value, kind, _noun(text, match.end()), match.group(), bound)))
    return [quantity for _, quantity in sorted(found, key=lambda pair: pair[0])]


def _follows_digits(text: str, start: int) -> bool:
    return start > 1 and text[start - 1] in " -" and text[start - 2].isdigit()


def _bound(text: str, start: int) -> str:
    match = _BOUND.search(text[max(0, start - 24) : start])
    return match.lastgroup or "" if match else ""


def _noun(text: str, end: int) -> str:
    match = _NEXT_WORD.match(text, end)
    word = match["word"].lower() if match else ""
    return "" if word in STOPWORDS else word


def _minutes(match: re.Match) -> float:
    if match["half"]:
        hour = int(match["h"]) % 12 + (12 if match["half"].lower().startswith("p") else 0)
        return 1e7 + hour * 60 + int(match["m"] or 0)
    return 1e7 + int(match["h24"]) * 60 + int(match["m24"])


def _from_digits(match: re.Match, text: str) -> Quantity:
    digits = match["n"].replace(",", "")
    value = float(digits[:30])
    scale = (match["scale"] or (match["s"] if match["s"] and match["s"].lower() != "s" else "") or "").lower()
    value *= _SCALES.get(scale, 1.0)
    unit = (match["unit"] or "").lower()
    if unit.startswith(("%", "per")):
        kind = "percent"
    elif match["currency"] or unit.startswith(("dollar", "euro", "pound")):
        kind = "money"
    elif len(digits) == 4 and "." not in digits and 1000 <= value <= 2100 and "," not in match["n"] and not scale:
        kind = "year"
    else:
        kind = "number"
    bound = _bound(text, match.start())
    return Quantity(round(value, 6), kind, _noun(text, match.end()), match.group().strip(), bound)


def _spelled_value(head: str, tail: str, and_a_half: bool) -> float | None:
    """Return the value of spelled number words, None for a lone 'one' or 'a'."""
    words = [word for word in re.split(r"[\s-]+", f"{head} {tail}".strip()) if word and word not in ("and", "an")]
    if words in (["one"], ["a"]) and not and_a_half:
        return None
    total, current, last = 0.0, 0.0, 1.0
    for word in words:
        if word == "half":
            current = -0.5  # 'half a million': the 'a' that follows makes it one half
        elif (word in UNITS and word != "dozen") or word == "a":
            current += UNITS.get(word, 1)
        elif word in ("dozen", "hundred"):
            last = 12.0 if word == "dozen" else 100.0
            current = (current or 1) * last
        else:
            last = _SCALES[word]
            total += (current or 1) * last
            current = 0.0
    return total + current + (0.5 * last if and_a_half else 0.0)


def same_quantity(left: Quantity, right: Quantity) -> bool:
    """Tell whether two quantities have one value and kinds that can agree (a plain number with any but times)."""
    if abs(left.value - right.value) > 1e-6 * max(1.0, abs(left.value)) and not _same_but_for_scale(left, right):
        return False
    return (
        left.kind == right.kind or "number" in (left.kind, right.kind) or {left.kind, right.kind} == {"year", "money"}
    )


def bounded_quantity(said: Quantity, actual: Quantity, reach: float = 1.35) -> bool:
    """Tell whether `said` is a bound that `actual` keeps, and not far from it: 'more than 1,300' of 1,312.

    `reach` is how far, as a ratio, the two may be apart: 'more than 10' says little of 4,000.
    """
    is_countable = "time" not in (said.kind, actual.kind) and "year" not in (said.kind, actual.kind)
    if not is_countable or not (said.kind == actual.kind or "number" in (said.kind, actual.kind)) or said.value <= 0:
        return False
    ratio = actual.value / said.value
    if said.bound == "least":
        return 1.0 <= ratio <= reach
    if said.bound == "most":
        return 1.0 / reach <= ratio <= 1.0
    return said.bound == "about" and 0.9 <= ratio <= 1.1


def _same_but_for_scale(left: Quantity, right: Quantity) -> bool:
    """Tell whether one leaves out the scale that the other names: 'asked for 1.3 million and got 1.1'."""
    small, large = sorted((left, right), key=lambda quantity: quantity.value)
    if not 0 < small.value < 1000 or not re.search(r"[a-z]", large.text, re.I) or large.kind == "time":
        return False
    return any(abs(small.value * scale - large.value) <= 1e-6 * large.value for scale in (1e3, 1e6, 1e9))


def near_quantity(actual: Quantity, said: Quantity, tolerance: float = 0.06) -> bool:
    """Tell whether `said` rounds `actual`: fewer significant digits, within `tolerance`; no times, no years.

    A bound ('more than 220') is never a rounding of what it excludes.
    """
    if said.bound in ("least", "most"):
        return bounded_quantity(said, actual)
    if "time" in (actual.kind, said.kind) or "year" in (actual.kind, said.kind):
        return False
    close = abs(actual.value - said.value) <= tolerance * max(abs(actual.value), abs(said.value))
    return close and _significant_digits(said.value) < _significant_digits(actual.value)


def _significant_digits(value: float) -> int:
    digits = f"{value:.6f}".rstrip("0").rstrip(".").replace(".", "")
    return len(digits.strip("0")) or 1
