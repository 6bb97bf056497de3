"""The day a question is put to, and times that the question names.

Belongs here: leaving out a time that is the asking day's own. The documents of one day are looked at, and who asks for
a past day ('as of') often names it once more: 'What did certificates yield in spring 2025?', asked as of 2025-04-15,
asks for what held then; so does 'last spring'. A time that is another one stays: nothing of that day answers it.
"""

import re
from datetime import date

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SEASONS = {"winter": (12, 1, 2), "spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11), "fall": (9, 10, 11)}
_NAMED = "|".join((*_MONTHS, *_SEASONS))
_PREPOSITION = r"(?:(?:back |as )?(?:in|during|of|for|on) )?"
_TIME = re.compile(
    r"(?<!since )(?<!until )(?<!till )(?<!before )(?<!after )(?<!by )(?<!end of )(?<!start of )(?<!from )\b(?:"
    rf"{_PREPOSITION}(?:early |mid[ -]?|late |the )*"
    rf"(?P<name>{_NAMED})(?: (?P<day>\d{{1,2}})(?:st|nd|rd|th)?)?(?:,? (?:of )?(?P<year>20\d\d))|"
    rf"(?:{_PREPOSITION}(?:this|last)|(?:back )?(?:in|during)(?: the)?) (?P<this>{_NAMED})|"
    rf"{_PREPOSITION}(?:the )?(?P<quarter>q[1-4]|(?:first|second|third|fourth) quarter)"
    r"(?: of)? (?P<quarter_year>20\d\d)|"
    r"(?:back in|in|during|for) (?P<only_year>20\d\d)|"
    rf"{_PREPOSITION}(?P<iso>20\d\d-\d\d-\d\d)"
    r")\b(?![-/%]|[.,]\d|'s)",
    re.IGNORECASE,
)
_QUARTERS = ("first quarter q1", "second quarter q2", "third quarter q3", "fourth quarter q4")


def without_asking_day(question: str, asked_on: date) -> str:
    """Leave out of a question the times it names that hold the day it is put to.

    Parameters
    ----------
    question : str
    asked_on : date

    Returns
    -------
    str
        The question as it came where nothing is left out, or no word would be left.

    Examples
    --------
    >>> without_asking_day("What did certificates yield in spring 2025?", date(2025, 4, 15))
    'What did certificates yield?'
    >>> without_asking_day("What did certificates yield in spring 2025?", date(2026, 1, 15))
    'What did certificates yield in spring 2025?'
    """
    shorter = _TIME.sub(lambda found: "" if _holds(found, asked_on) else found[0], question)
    if shorter == question or not re.search(r"\w", shorter):
        return question
    return re.sub(r"\s+([?.!,;])", r"\1", re.sub(r"\s{2,}", " ", shorter)).strip(" ,;")


def _holds(time: re.Match[str], day: date) -> bool:
    """Tell whether a time named in a question holds a day."""
    if time["iso"]:
        return time["iso"] == day.isoformat()
    if time["only_year"]:
        return int(time["only_year"]) == day.year
    if time["quarter"]:
        this_quarter = time["quarter"].casefold() in _QUARTERS[(day.month - 1) // 3]
        return this_quarter and int(time["quarter_year"]) == day.year
    name = (time["name"] or time["this"]).casefold()
    months = _SEASONS.get(name) or (_MONTHS.index(name) + 1,)
    return (
        day.month in months
        and (time["day"] is None or int(time["day"]) == day.day)
        and (time["year"] is None or int(time["year"]) == day.year)
    )
