"""Finding the numbers, amounts, dates and spans of time in a normalised text.

Belongs here: the patterns of written numbers and their exact values. What a number is of belongs to
`rag.claims.parser`.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rag.claims.lexicon import MONTHS

_N = r"[-+]?\.?\d(?:[\d.,^]*\d)?"
_SCALE = r"(?:\s?(?:k|m|bn|thousand|million|billion)\b)?"
_PERCENT = r"\s?(?:%|percent\b(?!age)|per\s+cent\b|pct\b\.?)"
_POINT = r"\s?-?(?:percentage[\s-]+points?\b|pp\b|p\.p\.)"
_BPS = r"\s?-?(?:basis[\s-]+points?\b|bps\b|bp\b)"
_MONTH_NAME = r"(?:" + "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS) + r"|sept)\.?"
_TO = r"\s?(?:-|to|through|and)\s?"
_TIME = r"(?:days?|weeks?|months?|mos?\b|years?|yrs?\b|hours?|minutes?)"

PATTERNS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            "url",
            r"https?://\S+|\bwww\.\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|bank|io|co|us|example)\b(?:/\S*)?",
        ),
        ("phone", r"(?<![\d$])(?:\+?1[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b"),
        (
            "address",
            r"\b\d{1,5}\s+(?:[a-z.']+\s+){1,4}(?:street|st|road|rd|avenue|ave|lane|drive|square|place|boulevard|blvd|way)\b\.?,"
            r"\s*[a-z .'-]+,?\s+[a-z]{2}\s+\d{5}(?:-\d{4})?\b",
        ),
        ("iso_date", r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"),
        (
            "long_date",
            rf"\b(?P<m>{_MONTH_NAME})\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y>(?:19|20)\d\d)\b)?(?!\d|\.\d|\s?%)",
        ),
        (
            "day_month",
            rf"(?<![$.,\d])\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m>{_MONTH_NAME})(?:,?\s+(?P<y>(?:19|20)\d\d)\b)?(?!\w)",
        ),
        ("year_month", rf"\b(?P<m>{_MONTH_NAME})\s+(?P<y>(?:19|20)\d\d)\b"),
        ("numeric_date", r"(?<![\d/])\d{1,4}[/.]\d{1,2}[/.]\d{2,4}(?![\d/])|(?<![\d/])\d{1,2}/\d{1,2}(?![\d/])"),
        ("percent", rf"(?P<a>{_N}){_PERCENT}?(?:{_TO})(?P<b>{_N}){_PERCENT}|(?P<one>{_N}){_PERCENT}"),
        ("point", rf"(?P<one>{_N}){_POINT}"),
        ("bps", rf"(?P<one>{_N}){_BPS}"),
        (
            "money",
            rf"(?<![a-z])(?:us)?\$\s?(?P<a>{_N}{_SCALE})(?:{_TO})(?:us)?\$?\s?(?P<b>{_N}{_SCALE})(?!\s?(?:%|percent|months?|days?|years?))"
            rf"|(?<![a-z])(?:us)?\$\s?(?P<one>{_N}{_SCALE})|(?P<words>{_N}{_SCALE})\s?(?:us\s+)?(?:dollars?|usd)\b|(?P<cents>{_N})\s?(?:cents?\b|¢)",
        ),
        ("span", rf"(?P<a>\d+)(?:-?{_TIME})?{_TO}(?P<b>\d+)[\s-]?(?P<u>{_TIME})\b|(?P<one>{_N})[\s-]?(?P<v>{_TIME})\b"),
        ("multiple", r"(?P<one>\d+(?:\.\d+)?)x\b"),
        (
            "count",
            rf"(?P<one>{_N}{_SCALE})(?:(?:st|nd|rd|th)\b)?(?:[\s-]+(?:(?:equal|level|monthly|weekly|qualifying|eligible)\s+)*(?P<noun>[a-z]+))?",
        ),
    )
)

# Twelve digits reach a trillion. Scaled to billions and to thousandths of a basis point they still fit Decimal's 28
# exactly; a longer number would be rounded and is refused as malformed.
MOST_DIGITS = 12
_THREE_DECIMALS = re.compile(r"\.\d{3}(?!\d)(?!\s?(?:k|m|bn|thousand|million|billion)\b)")


@dataclass(frozen=True)
class Number:
    """One number found: its kind, exact value, unit and place in the normalised text."""

    kind: str
    value: tuple[Decimal, ...] | str
    unit: str
    start: int
    end: int


def find_numbers(text: str) -> list[Number]:
    """Return every number, amount, date, span of time, link and phone number, left to right, not overlapping.

    Parameters
    ----------
    text : str
        Normalised, lower-case text.

    Returns
    -------
    list of Number
        No digit of `text` lies outside of them: what can't be read is a 'malformed' one.
    """
    taken = [False] * len(text)
    found: list[Number] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            number = _number(kind, match)
            if number is None:
                continue
            found.append(number)
            taken[number.start : number.end] = [True] * (number.end - number.start)
    return sorted(found, key=lambda number: number.start)


def shown_value(value: tuple[Decimal, ...] | str, unit: str) -> str:
    """Write a value with its unit: '4.1 %', '8.49 to 17.99 %', '2500 usd'; texts stand as they are."""
    if isinstance(value, str):
        return value
    if unit in ("mbp", "mbp_point"):
        shown = " to ".join(f"{_plain(number / 100_000):f}" for number in value)
        return f"{shown} {'%' if unit == 'mbp' else 'percentage points'}"
    return f"{' to '.join(f'{number:f}' for number in value)} {unit}"


def to_decimal(raw: str) -> Decimal | None:
    """Return the exact value of a written number, or None where it can be read in two ways ('4,10')."""
    raw = raw.strip()
    scale = Decimal(1)
    match = re.fullmatch(r"(.*?\d)\s?(k|m|bn|thousand|million|billion)", raw)
    if match:
        raw = match[1]
        scale = {"k": Decimal(1000), "thousand": Decimal(1000), "m": Decimal(10**6), "million": Decimal(10**6)}.get(
            match[2], Decimal(10**9)
        )
    if not re.fullmatch(r"[-+]?(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)?(?:\.\d+)?", raw) or not re.search(r"\d", raw):
        return None
    if sum(character.isdigit() for character in raw) > MOST_DIGITS:
        return None
    return (Decimal(raw.replace(",", "")) * scale).normalize() + Decimal(0)


def _number(kind: str, match: re.Match) -> Number | None:
    start, end = match.span()
    if kind in ("url", "phone", "address"):
        raw = match.group().rstrip(".,;:)")
        shown = re.sub(r"\D", "", raw)[-10:] if kind == "phone" else raw
        return Number(kind, shown, kind, start, start + len(raw))
    if kind in ("iso_date", "long_date", "day_month", "year_month", "numeric_date"):
        return _date(kind, match)
    groups = match.groupdict()
    if groups.get("a"):
        values = [to_decimal(groups["a"]), to_decimal(groups["b"])]
    else:
        values = [to_decimal(groups.get("one") or groups.get("words") or groups.get("cents") or "")]
    unit = {"percent": "mbp", "point": "mbp_point", "bps": "mbp", "money": "usd", "multiple": "multiple"}.get(kind, "")
    factor = {"percent": Decimal(100_000), "point": Decimal(100_000), "bps": Decimal(1000)}.get(kind, Decimal(1))
    if groups.get("cents"):
        factor = Decimal("0.01")
    if kind == "span":
        unit, factor = _time_unit(groups.get("u") or groups["v"])
    if kind == "count":
        noun = groups.get("noun")
        unit = noun.rstrip("s") if noun else "number"
        end = match.end("one")
    # Cents have two digits: '$18.000' is eighteen dollars here and eighteen thousand elsewhere.
    is_ambiguous = kind == "money" and _THREE_DECIMALS.search(match.group())
    if is_ambiguous or any(value is None for value in values):
        return Number(kind, match.group().strip(), "malformed", start, end)
    exact = tuple(_plain(value * factor) for value in values if value is not None)
    if kind in ("percent", "bps", "point") and any(value != value.to_integral_value() for value in exact):
        return Number(kind, match.group().strip(), "malformed", start, end)
    return Number(kind, exact, unit, start, end)


def _plain(value: Decimal) -> Decimal:
    """Drop trailing zeros without an exponent, so that equal values print equally."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def _time_unit(word: str) -> tuple[str, Decimal]:
    for start, unit, factor in (
        ("day", "day", 1),
        ("week", "day", 7),
        ("mo", "month", 1),
        ("y", "month", 12),
        ("hour", "minute", 60),
        ("minute", "minute", 1),
    ):
        if word.startswith(start) and not (start == "mo" and word.startswith("min")):
            return unit, Decimal(factor)
    raise ValueError(f"found time unit {word!r}; expected day, week, month, year, hour or minute")


def _date(kind: str, match: re.Match) -> Number | None:
    start, end = match.span()
    if kind == "numeric_date":
        return Number("date", match.group(), "malformed", start, end)
    if kind == "iso_date":
        shown = _calendar_day(*(int(part) for part in match.group().split("-")))
        return Number("date", shown or match.group(), "date" if shown else "malformed", start, end)
    month = next(number for number, name in enumerate(MONTHS, 1) if name.startswith(match["m"].rstrip(".")[:3]))
    year = match["y"]
    if kind == "year_month":
        return Number("date", f"{year}-{month:02d}", "year_month", start, end)
    # 2024 is a leap year: February 29 without a year is a day.
    shown = _calendar_day(int(year) if year else 2024, month, int(match["d"]))
    if shown is None:
        return Number("date", match.group(), "malformed", start, end)
    return Number("date", shown if year else f"-{shown[4:]}", "date" if year else "month_day", start, end)


def _calendar_day(year: int, month: int, day: int) -> str | None:
    """Return an ISO date, or None where the calendar has no such day."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
