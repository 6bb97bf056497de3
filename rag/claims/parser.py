"""The parser: from a sentence to its typed claims.

Belongs here: typing the numbers found by `rag.claims.numbers`, reading their subject, qualifiers, sign and conditions,
and finding the claims that carry no number. Deterministic: the same sentence always gives the same claims.

The sentence is cut into cells, one a number, at the last comma, bracket, 'and', 'or', 'then' ... before the next
number; a number's label and subject are read from its own cell, so that '3% on dining, 1% on the rest' gives two
claims that don't share their subjects.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.claims import lexicon
from rag.claims.conditions import Condition, find_conditions
from rag.claims.model import Claim
from rag.claims.normalise import Normalised, normalise_claim_text
from rag.claims.numbers import Number, find_numbers

SLOT = re.compile(r"\{[a-z_]+\}")
_BRACKETED_LABEL = re.compile(r"\((apys?|aprs?)\)")
_DELIMITER = re.compile(r"[,;(]|\bthen\b|\band\b|\bor\b|\bbut\b|\bplus\b|\. |\n| - ")
_SEGMENT_END = re.compile(r";|\bthen\b|\bbut\b|\n|\bwaive|(?<=\w)[.!?](?=\s)")
_PAYMENTS_OF = re.compile(r"\b(?:payments?|premiums?|instal+ments?)\s+(?:of|are|is|:)\s*$")
_HELD = re.compile(r"\b(?:deposits?|balances?)\s+of\s+(?:at\s+least\s+)?$")
_AS_OF = re.compile(r"\bas\s+of\s*$|\baccurate\s+(?:as\s+of|on)\s*$|\bchecked\s+on\s*$|\beffective\s*$")
_ENDS = re.compile(r"\b(?:through|until|till|by|ends?(?:\s+on)?|expires?(?:\s+on)?|before|to)\s*$")
_STARTS = re.compile(r"\b(?:from|starting|starts?(?:\s+on)?|begins?(?:\s+on)?|since|after)\s*$")


@dataclass(frozen=True)
class _Cell:
    """The stretch of text that belongs to one number."""

    start: int
    end: int


def parse_claims(sentence: str, names: Iterable[str] = ()) -> tuple[Claim, ...]:
    """Read the typed claims of one sentence.

    Parameters
    ----------
    sentence : str
        Text as written; slots such as {link} carry no claim.
    names : iterable of str
        Product and company names; a number inside such a name ('12-Month CD') is no claim.

    Returns
    -------
    tuple of Claim
        By place in the sentence. No digit outside of slots and names is left without a claim.
    """
    normalised = normalise_claim_text(sentence)
    text = _mask(normalised.text.lower(), names)
    numbers = find_numbers(text)
    cells = _cells(text, numbers)
    conditions = find_conditions(text)
    negatives, text_without_negatives = _negative_claims(text)
    places = [condition for condition in conditions if condition.canonical.startswith("on:")]
    claims = [
        _numeric_claim(
            _without(text_without_negatives, places, number), text, index, numbers, _own(cells, places, index, numbers)
        )
        for index, number in enumerate(numbers)
    ]
    claims += negatives + _word_claims(text, text_without_negatives)
    claims = [_with_conditions(claim, claims, cells, conditions, text) for claim in claims]
    claims = sorted(set(claims), key=lambda claim: (claim.start, claim.end, claim.claim_type, claim.canonical))
    return tuple(_at_origin(claim, normalised, sentence) for claim in claims)


def _mask(text: str, names: Iterable[str]) -> str:
    """Blank out slots, names and the brackets of '(APY)', keeping every offset."""
    for name in sorted(set(names), key=lambda name: (-len(name), name)):
        plain = normalise_claim_text(name).text.lower()
        if plain:
            text = re.sub(rf"(?<!\w){re.escape(plain)}(?!\w)", lambda match: "_" * len(match.group()), text)
    text = _BRACKETED_LABEL.sub(r" \1 ", text)
    return SLOT.sub(lambda match: "_" * len(match.group()), text)


def _cells(text: str, numbers: list[Number]) -> list[_Cell]:
    """Cut the sentence into one cell a number."""
    borders = [0]
    for left, right in pairwise(numbers):
        delimiters = [match.start() for match in _DELIMITER.finditer(text, left.end, right.start)]
        borders.append(delimiters[-1] if delimiters else right.start)
    borders.append(len(text))
    return [_Cell(borders[i], borders[i + 1]) for i in range(len(numbers))]


def _without(text: str, places: list[Condition], number: Number) -> str:
    """Blank out the 'on ...' phrases a number does not stand in: their words are of their own numbers."""
    for place in places:
        if not place.start <= number.start < place.end:
            text = text[: place.start] + " " * (place.end - place.start) + text[place.end :]
    return text


def _own(cells: list[_Cell], places: list[Condition], index: int, numbers: list[Number]) -> list[_Cell]:
    """Let the cell of a number that stands in an 'on ...' phrase begin with that phrase."""
    for place in places:
        is_first = index == 0 or numbers[index - 1].end <= place.start
        if place.start <= numbers[index].start < place.end and is_first:
            cell = _Cell(min(cells[index].start, place.start), cells[index].end)
            return [*cells[:index], cell, *cells[index + 1 :]]
    return cells


def _numeric_claim(text: str, whole: str, index: int, numbers: list[Number], cells: list[_Cell]) -> Claim:
    """Type one number by its cell."""
    number, cell = numbers[index], cells[index]
    before, after = text[cell.start : number.start], text[number.end : cell.end]
    around = before + " " + after
    if number.kind == "date":
        role = date_role(whole[: number.start])
        return _claim("date", frozenset({role} if role else ()), number, (), is_negative=_is_negated(before))
    claim_type = _numeric_type(number, before, after, index, numbers, text)
    subject = _subject(around)
    qualifiers = _qualifiers(whole[max(0, number.start - 30) : number.start], whole[number.end : number.end + 20])
    if not isinstance(number.value, str) and len(number.value) == 2:
        qualifiers = tuple(name for name in qualifiers if name != "from")
    is_negative = _is_negated(around)
    if claim_type == "fee" and not isinstance(number.value, str) and all(value == 0 for value in number.value):
        return _claim("fee", subject - {"fee"}, replace(number, unit="usd"), (), is_negative=True)
    if claim_type == "fee":
        subject -= {"fee"}
    if claim_type == "bonus":
        subject -= {"bonus"}
    return _claim(claim_type, subject, number, qualifiers, is_negative=is_negative)


def _claim(
    claim_type: str, subject: frozenset[str], number: Number, qualifiers: Iterable[str], *, is_negative: bool
) -> Claim:
    return Claim(
        claim_type=claim_type,
        subject=frozenset(subject),
        value=number.value,
        unit=number.unit,
        is_negative=is_negative,
        qualifiers=frozenset(qualifiers),
        conditions=frozenset(),
        start=number.start,
        end=number.end,
        text="",
    )


def _numeric_type(number: Number, before: str, after: str, index: int, numbers: list[Number], text: str) -> str:
    """Return the type of a number that is no date."""
    if number.kind in ("url", "phone", "address", "count"):
        return "bonus" if lexicon.BONUS_LABEL.search(before + " " + after) and number.unit != "number" else "amount"
    if number.kind == "bps":
        return "bps"
    if number.kind == "span":
        return "term"
    if number.kind == "money":
        # '36 monthly payments of $121.40': the words belong to the count, and still say what the amount is.
        is_payment = _PAYMENTS_OF.search(text[: number.start])
        return "payment" if is_payment else _money_type(before, after)
    label = _rate_label(after) or _rate_label(before, nearest_end=True)
    if label is None:
        label = _label_of_neighbour(index, numbers, text)
    return label or "rate"


def _rate_label(text: str, *, nearest_end: bool = False) -> str | None:
    """Return the first label in a stretch of text, by place, or the one nearest to its end."""
    found = []
    for order, (claim_type, pattern) in enumerate(
        (
            ("apy", lexicon.APY_LABEL),
            ("apr", lexicon.APR_LABEL),
            ("fee", lexicon.FEE_LABEL),
            ("performance", lexicon.PERFORMANCE_LABEL),
            ("bonus", lexicon.BONUS_LABEL),
        )
    ):
        matches = list(pattern.finditer(text))
        if matches:
            place = -matches[-1].start() if nearest_end else matches[0].start()
            found.append((place, order, claim_type))
    return min(found)[2] if found else None


def _label_of_neighbour(index: int, numbers: list[Number], text: str) -> str | None:
    """Find the label of a bare percentage in a list such as '19.24%, 23.24% or 28.24% APR'."""
    only_glue = re.compile(r"[\s,/-]*(?:(?:and|or|to)\b[\s,]*)*")
    last = index
    while last + 1 < len(numbers) and only_glue.fullmatch(text, numbers[last].end, numbers[last + 1].start):
        last += 1
    if last > index:
        tail = numbers[last + 1].start if last + 1 < len(numbers) else len(text)
        label = _rate_label(text[numbers[last].end : tail])
        if label:
            return label
    first = index
    while first > 0 and only_glue.fullmatch(text, numbers[first - 1].end, numbers[first].start):
        first -= 1
    head = numbers[first - 1].end if first > 0 else 0
    return _rate_label(text[head : numbers[first].start]) if first < index else None


def _money_type(before: str, after: str) -> str:
    around = before + " " + after
    if _HELD.search(before):
        return "amount"
    if lexicon.BONUS_LABEL.search(around):
        return "bonus"
    if lexicon.FEE_LABEL.search(around):
        return "fee"
    if lexicon.PAYMENT_LABEL.search(around) and "direct deposit" not in around:
        return "payment"
    if lexicon.COVERAGE_LABEL.search(around):
        return "coverage"
    return "amount"


def _subject(text: str) -> frozenset[str]:
    """Return the subject tags in a stretch of text; 'annual percentage ...' is a label, not a subject."""
    plain = lexicon.APY_LABEL.sub(" ", lexicon.APR_LABEL.sub(" ", text))
    return frozenset(name for name, pattern in lexicon.SUBJECT_TAGS if pattern.search(plain))


def _qualifiers(before: str, after: str) -> tuple[str, ...]:
    plain = before.rstrip()
    found = [name for name, pattern in lexicon.QUALIFIERS_BEFORE if pattern.search(plain)]
    found += [name for name, pattern in lexicon.QUALIFIERS_AFTER if pattern.match(after)]
    return tuple(found)


def _is_negated(text: str) -> bool:
    return len(lexicon.NEGATORS.findall(text)) % 2 == 1


def date_role(before: str) -> str | None:
    """Return what a date is said to be by the words before it: 'as_of', 'end', 'start' or None."""
    plain = before.lower()
    for role, pattern in (("as_of", _AS_OF), ("end", _ENDS), ("start", _STARTS)):
        if pattern.search(plain):
            return role
    return None


def _negative_claims(text: str) -> tuple[list[Claim], str]:
    """Read 'no annual fee', 'free', 'waived', 'no minimum'; return them and the text with them blanked out."""
    claims: list[Claim] = []
    blanked = text
    last_fee_tags: frozenset[str] = frozenset()
    for pattern, claim_type, word in (
        (lexicon.NEGATIVE_FEE, "fee", None),
        (lexicon.NEGATIVE_AMOUNT, "amount", None),
        (lexicon.FREE, "fee", "free"),
        (lexicon.WAIVED, "fee", "waived"),
    ):
        for match in pattern.finditer(text):
            if "\0" in blanked[match.start() : match.end()]:
                continue
            tags = _subject(match.group()) - {"fee"}
            if word == "free":
                tags |= _subject(_clause_around(text, match)) - {"fee"}
            if word == "waived":
                tags |= (_subject(_clause_around(text, match)) & _FEE_KINDS) or last_fee_tags or _fee_tags(text)
            outer_not = bool(re.search(r"(?:\bnot|n't|\bnever)\s+(?:\w+\s+){0,2}$", blanked[: match.start()]))
            last_fee_tags = tags if word is None and claim_type == "fee" else last_fee_tags
            number = Number("word", word or "none", "word", match.start(), match.end())
            if word is None:
                number = replace(find_numbers("$0")[0], start=match.start(), end=match.end())
            claims.append(_claim(claim_type, tags, number, (), is_negative=not outer_not))
            blanked = blanked[: match.start()] + "\0" * len(match.group()) + blanked[match.end() :]
    return claims, blanked.replace("\0", " ")


_FEE_KINDS = frozenset(
    {"monthly", "annual", "maintenance", "foreign", "transaction", "late", "overdraft", "atm", "wire"}
)


def _fee_tags(text: str) -> frozenset[str]:
    return _subject(text) & _FEE_KINDS if lexicon.FEE_LABEL.search(text) else frozenset()


def _clause_around(text: str, match: re.Match) -> str:
    start = max((m.end() for m in _DELIMITER.finditer(text, 0, match.start())), default=0)
    following = _DELIMITER.search(text, match.end())
    return text[start : following.start() if following else len(text)]


def _word_claims(text: str, text_without_negatives: str) -> list[Claim]:
    """Read the claims that are a word of the lexicon."""
    claims = [
        _claim(
            "fee",
            (_subject(match.group()) | {"applies"}) - {"fee"},
            Number("word", "applies", "word", match.start(), match.end()),
            (),
            is_negative=_is_negated(text_without_negatives[: match.start()].rsplit(",", 1)[-1]),
        )
        for match in lexicon.FEE_APPLIES.finditer(text_without_negatives)
    ]
    for claim_type, word, pattern in lexicon.WORD_CLAIMS:
        for match in pattern.finditer(text):
            start = max((m.end() for m in _DELIMITER.finditer(text, 0, match.start())), default=0)
            is_negative = _is_negated(text_without_negatives[start : match.start()])
            number = Number("word", word, "word", match.start(), match.end())
            claims.append(_claim(claim_type, frozenset({word}), number, (), is_negative=is_negative))
    return claims


def _with_conditions(
    claim: Claim, claims: list[Claim], cells: list[_Cell], conditions: list[Condition], text: str
) -> Claim:
    """Attach the conditions that bind a claim: those of its clause, and 'on'/'for' phrases of its own cell."""
    bound = set()
    starts = [0, *(match.start() for match in _SEGMENT_END.finditer(text)), len(text)]
    segment = next(i for i in range(len(starts) - 1) if starts[i] <= claim.start < max(starts[i + 1], starts[i] + 1))
    first_claim = (
        min(other.start for other in claims if not _inside_any(other, conditions))
        if any(not _inside_any(other, conditions) for other in claims)
        else 0
    )
    cell = next((cell for cell in cells if cell.start <= claim.start < cell.end), _Cell(0, len(text)))
    for condition in conditions:
        if condition.start <= claim.start < condition.end:
            continue
        is_fronted = condition.end <= first_claim
        is_in_segment = starts[segment] <= condition.start < starts[segment + 1]
        is_in_cell = cell.start <= condition.start < cell.end or _follows_in_cell(claim, condition, cells, text)
        if is_fronted or (condition.binds_clause and is_in_segment) or (not condition.binds_clause and is_in_cell):
            bound.add(condition.canonical)
    return replace(claim, conditions=frozenset(bound))


def _inside_any(claim: Claim, conditions: list[Condition]) -> bool:
    return any(condition.start <= claim.start < condition.end for condition in conditions)


def _follows_in_cell(claim: Claim, condition: Condition, cells: list[_Cell], text: str) -> bool:
    """Tell whether an 'on'/'for' phrase with a number of its own follows the claim with no delimiter between."""
    if condition.start < claim.end:
        return False
    between = text[claim.end : condition.start]
    return not re.search(r"[,;(]|\bthen\b|\bbut\b|\bplus\b|\d", between)


def _at_origin(claim: Claim, normalised: Normalised, sentence: str) -> Claim:
    start, end = normalised.original_span(claim.start, claim.end)
    return replace(claim, start=start, end=end, text=sentence[start:end])
