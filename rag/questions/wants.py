"""What a question asks for, read off its words: a kind of value, the asker's own records, advice, a term.

Belongs here: patterns over questions and over passages, and nothing that has to be learnt.
"""

import re

_WANTED = (
    (
        "money",
        re.compile(
            r"\bhow much\b|\bcost|\bprice|\bfee\b|\bcharge|\bbonus|\breward|\bpay\b.*\bmonth|\bmost\b|\bleast\b"
            r"|\bsmallest|\bbiggest|\blimit\b|\bsum\b|\bdeductible"
        ),
    ),
    ("percent", re.compile(r"\bapr\b|\bapy\b|\brate|\byield|\bpercent|\binterest\b")),
    (
        "time",
        re.compile(
            r"\bhow (?:long|soon|fast|late|many (?:days|minutes|years|months|times))|\bwhen\b|\bhours?\b|\buntil\b"
        ),
    ),
)
_GIVEN = {
    "money": re.compile(r"\$\d|\bno (?:fee|charge|cost)|free of charge|at no cost|costs nothing"),
    "percent": re.compile(r"\d%|no interest"),
    "time": re.compile(
        r"\b\d+ (?:business )?(?:days?|months?|years?|hours?|minutes)|\b(?:a|p)\.m\.|\bday\b|\bmonth|\byears?\b"
        r"|\bminutes\b|January|December|at once"
    ),
}
_OWN_RECORDS = re.compile(
    r"\b(?:my own (?:cd|account|card|loan|payment|balance|certificate|claim|rate)"
    r"|do i (?:have left|still owe)|did (?:my|i)\b|has my|have you (?:received|got) my"
    r"|is my \w+(?: \w+)? (?:approved|paid|ready|shipped|processed|open|active)\b|was i charged|i personally"
    r"|show me (?:my|last|the)|on file for me|do you have for me|have on file|who is listed"
    r"|my (?:last|latest|most recent|next) |what(?:'s| is) my |what(?: are|'re) my |is there a hold"
    r"|how much (?:interest )?did i|are there any (?:holds|pending)|(?:claim|case|application) number)",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\bshould i (?:sell|buy|invest|put|wait|move)\b|\bwill (?:rates?|the fed|prices|interest)\b|\bgood time to\b"
    r"|\bwhich of your \w+ will make\b|\bbest (?:investment|stock)\b|\bgo (?:up|down) (?:next|this)\b",
    re.IGNORECASE,
)
_NUMBER_WORDS = "one two three four five six seven eight nine ten twelve fifteen eighteen twenty thirty"
_NUMBERS = dict(zip(_NUMBER_WORDS.split(), (*range(1, 11), 12, 15, 18, 20, 30), strict=True))
_TERM = re.compile(r"\b(\w+)[- ](year|month)s?\b", re.IGNORECASE)
_NAMED_TERM = re.compile(r"\b(\w+)-(year|month)\b(?!-old)", re.IGNORECASE)


def wanted_kinds(question: str) -> tuple[str, ...]:
    """Return the kinds of values a question asks for: 'money', 'percent', 'time'."""
    return tuple(kind for kind, pattern in _WANTED if pattern.search(question.casefold()))


def share_missing(kinds: tuple[str, ...], passage: str) -> float:
    """Return the share of the wanted kinds of which a passage holds no value; 0 where nothing is wanted."""
    return sum(not _GIVEN[kind].search(passage) for kind in kinds) / len(kinds) if kinds else 0.0


def asks_for_own_records(question: str) -> bool:
    """Tell whether only the asker's own account could answer ('Did my payment go through?')."""
    return bool(_OWN_RECORDS.search(question))


def asks_for_advice(question: str) -> bool:
    """Tell whether a question asks what to do with money, or what the future brings."""
    return bool(_ADVICE.search(question))


def named_terms(question: str) -> frozenset[int]:
    """Return the terms a question names as a product's own ('five-year'), in months."""
    return _months(_NAMED_TERM, question)


def terms_of(passage: str) -> frozenset[int]:
    """Return every duration in years or months that a passage holds, in months."""
    return _months(_TERM, passage)


def _months(pattern: re.Pattern[str], text: str) -> frozenset[int]:
    found = set()
    for number, unit in pattern.findall(text):
        value = _NUMBERS.get(number.casefold()) or (int(number) if number.isdecimal() and len(number) < 4 else 0)
        if value:
            found.add(value * (12 if unit.casefold() == "year" else 1))
    return frozenset(found)
