"""Rules that make a true sentence unsupported.

Belongs here: one function for each rule, and the list `BREAKING` with how often each is drawn.
"""

import random
import re

from rag.support.lexicon import NEGATORS, STOPWORDS
from rag.support.quantities import UNITS
from rag.support.relations import EXCLUSIVE
from rag.support.rewriting import (
    COUNTED,
    NAME,
    NUMBER,
    OPPOSITE_FORMS,
    SPELLED,
    SUBJECT,
    SYNONYM_FORMS,
    WORD,
    Context,
    Rule,
    lower_first,
    matched_case,
    pick,
    replace_match,
    rounded,
    substitute,
    written,
)

_AUXILIARY = re.compile(
    r"\b(is|are|was|were|will|can|could|would|should|may|might|must|has|have|had|did|does|do)\b(?! not| never|n't)"
)

_NEGATED = re.compile(
    r"\b(is|are|was|were|will|can|could|would|should|may|must|has|have|had) (?:not|never)\b|\bcan(?:'t|not)\b"
)


def swap_number(text: str, context: Context, rng: random.Random) -> str | None:
    """Put another number: one of the same evidence, or one with changed digits."""
    matches = list(NUMBER.finditer(text)) + list(SPELLED.finditer(text))
    if not matches:
        return None
    match: re.Match = pick(rng, matches)
    old = match.group()
    if not old[0].isdigit():
        others = [
            word
            for word, value in UNITS.items()
            if word not in ("one", "zero", "dozen") and value != UNITS[old.lower()]
        ]
        return replace_match(text, match, matched_case(old, str(pick(rng, others))))
    others = [number for number in context.numbers if number != old and abs(len(number) - len(old)) <= 1]
    if others and rng.random() < 0.4:
        return replace_match(text, match, str(pick(rng, others)))
    places = [i for i, c in enumerate(old) if c.isdigit()]
    if len(places) > 1 and rng.random() < 0.3:
        i = rng.randrange(len(places) - 1)
        a, b = places[i], places[i + 1]
        swapped = old[:a] + old[b] + old[a + 1 : b] + old[a] + old[b + 1 :]
        if swapped != old and swapped[0] != "0":
            return replace_match(text, match, swapped)
    place = int(pick(rng, places))
    digit = str(pick(rng, [d for d in "123456789" if d != old[place]]))
    return replace_match(text, match, old[:place] + digit + old[place + 1 :])


def swap_name(text: str, context: Context, rng: random.Random) -> str | None:
    """Put another name: mostly one of the same evidence."""
    matches = list(NAME.finditer(text))
    if not matches:
        return None
    match: re.Match = pick(rng, matches)
    near = [
        name for name in context.names if name not in match.group() and match.group() not in name and name not in text
    ]
    pool = near if near and rng.random() < 0.6 else [name for name in context.other_names if name not in text]
    return replace_match(text, match, str(pick(rng, pool))) if pool else None


def swap_roles(text: str, _: Context, rng: random.Random) -> str | None:
    """Exchange two names of the sentence."""
    matches = list(NAME.finditer(text))
    lead = re.match(r"(?:[A-ZÀ-Þ][\w'’-]+ )*[A-ZÀ-Þ][\w'’-]+", text)
    if lead and lead.group().split()[0].lower() not in STOPWORDS and all(m.start() > lead.end() for m in matches):
        matches.insert(0, lead)
    if len(matches) < 2 or matches[0].group() == matches[-1].group():
        return None
    first, second = (matches[i] for i in sorted(rng.sample(range(len(matches)), 2)))
    if re.fullmatch(r"(?:,| and| or|, and) ?", text[first.end() : second.start()].strip() or ","):
        return None
    return (
        text[: first.start()]
        + second.group()
        + text[first.end() : second.start()]
        + first.group()
        + text[second.end() :]
    )


def negate(text: str, _: Context, rng: random.Random) -> str | None:
    """Put in a negation, or take one out."""
    out = list(_NEGATED.finditer(text))
    if out:
        match: re.Match = pick(rng, out)
        return replace_match(text, match, match.group(1) or "can")
    for pattern, new in (
        (r"\bno\b(?! longer| more)", "a"),
        (r"\bwithout\b", "with"),
        (r"\bnever\b", "often"),
        (r"\bNobody\b", "Somebody"),
        (r"\bNone\b", "Some"),
    ):
        if re.search(pattern, text):
            return re.sub(pattern, new, text, count=1)
    into = list(_AUXILIARY.finditer(text))
    if into:
        match = into[0] if rng.random() < 0.7 else pick(rng, into)
        word = str(pick(rng, ["not", "not", "not", "never", "no longer"]))
        return replace_match(text, match, f"{match.group()} {word}")
    past = re.search(
        r"(?<= )(?P<verb>[a-z]{3,})ed\b(?= (?:the|a|an|in|to|that|by|on|for|from|his|her|its|their|\d|[A-Z]))", text
    )
    if past:
        stem = past["verb"]
        base = (
            stem
            if re.search(r"(?:ck|nt|lt|rt|st|ss|sh|ch|er|en|ow|in|lp|ll|ay|it|et|ok|ain|eat|ead|or)$", stem)
            else stem + "e"
        )
        return replace_match(text, past, f"did not {base}")
    return None


def use_opposite(text: str, _: Context, rng: random.Random) -> str | None:
    """Replace a word by its opposite."""
    return substitute(text, OPPOSITE_FORMS, rng, 1)


_EXCLUSIVE_FORMS: dict[str, list[str]] = {}

for _group in EXCLUSIVE:
    for _item in _group:
        _EXCLUSIVE_FORMS.setdefault(_item, []).extend(other for other in _group if other != _item)


def use_sibling(text: str, _: Context, rng: random.Random) -> str | None:
    """Replace a word by another member of its exclusive set: Monday by Friday, brother by uncle."""
    matches = [match for match in WORD.finditer(text) if match.group().lower() in _EXCLUSIVE_FORMS]
    if not matches:
        return None
    match: re.Match = pick(rng, matches)
    return replace_match(
        text, match, matched_case(match.group(), str(pick(rng, _EXCLUSIVE_FORMS[match.group().lower()])))
    )


_QUANTIFIERS = (
    (
        r"\b(?:some|many|several|most|a few|a third of|half of|up to \w+|about \w+|certain)\b",
        ("all", "almost all", "none of the"),
    ),
    (r"\b(?:all|every|always|both)\b", ("some", "hardly any", "only a few")),
    (r"\b(?:may|might|could)\b", ("must", "will")),
    (r"\b(?:must|shall)\b", ("may", "need not")),
    (
        r"\b(?:is|are) (?:likely|expected|due|meant|to be) to\b|\bplans? to\b|\bhopes? to\b",
        ("is certain to", "has already begun to", "refused to"),
    ),
    (r"\b(?:often|usually|mostly|sometimes|generally|mainly)\b", ("always", "never", "rarely")),
    (r"\bonly\b", ("not only", "mostly")),
    (r"\bat least\b", ("at most", "exactly")),
    (r"\b(?:up to|at most|no more than)\b", ("at least", "more than")),
    (r"\b(?:about|around|roughly|nearly|almost)\b", ("exactly", "far more than")),
    (r"\b(?:before|until)\b", ("after",)),
    (r"\bafter\b", ("before",)),
    (r"\b(?:because of|owing to|thanks to)\b", ("in spite of",)),
    (r"\b(?:unless)\b", ("if",)),
    (r"\b(?:said|argued|claimed|believes?|thinks?|says) (?:that )?", ("denied that ", "proved that ")),
)


def change_scope(text: str, _: Context, rng: random.Random) -> str | None:
    """Turn some into all, may into must, at least into at most, before into after."""
    options = [(pattern, new) for pattern, new in _QUANTIFIERS if re.search(pattern, text)]
    if not options:
        return None
    pattern, news = options[rng.randrange(len(options))]
    return re.sub(pattern, str(pick(rng, news)), text, count=1)


def add_detail(text: str, context: Context, rng: random.Random) -> str | None:
    """Add an end that nothing supports."""
    body = text.rstrip(". ")
    return f"{body}{pick(rng, list(context.tails))}." if len(body.split()) <= 40 and context.tails else None


def replace_word(text: str, context: Context, rng: random.Random) -> str | None:
    """Replace one plain content word by one of the same evidence, or of another text, with a like ending."""
    matches = [
        m
        for m in WORD.finditer(text)
        if m.group().islower() and m.group() not in STOPWORDS | NEGATORS and len(m.group()) > 3
    ]
    if not matches:
        return None
    match: re.Match = pick(rng, matches)
    old = match.group()
    pool = context.words if rng.random() < 0.5 else context.other_words
    like = [
        word
        for word in pool
        if word not in text
        and word[:4] != old[:4]
        and _ending(word) == _ending(old)
        and word not in SYNONYM_FORMS.get(old, ())
    ]
    return replace_match(text, match, str(pick(rng, like))) if like else None


def _ending(word: str) -> str:
    return next((ending for ending in ("ing", "ed", "ly", "ion", "er", "al", "ous", "s") if word.endswith(ending)), "")


def replace_phrase(text: str, context: Context, rng: random.Random) -> str | None:
    """Keep the subject and take the predicate of another sentence of the same evidence."""
    here = SUBJECT.match(text)
    if here is None or here["subject"].split()[0] in ("There", "It", "This"):
        return None
    others = [SUBJECT.match(s) for i, s in enumerate(context.sentences) if i != context.place]
    last = here["subject"].split()[-1].lower()
    fits = [
        match
        for match in others
        if match is not None
        and match["subject"].split()[-1].lower() != last
        and match["subject"] not in ("It", "He", "She", "They", "This", "There", "I")
    ]
    if not fits:
        return None
    other: re.Match = pick(rng, fits)
    return f"{here['subject']} {other['verb']}{other['rest']}"


def break_bound(text: str, _: Context, rng: random.Random) -> str | None:
    """Say 'more than 1,400 cases' or 'fewer than 1,300 cases' of 1,312 cases."""
    matches = list(COUNTED.finditer(text))
    if not matches:
        return None
    match: re.Match = pick(rng, matches)
    value = float(match["n"].replace(",", ""))
    if value < 20 or (1000 <= value <= 2100 and "," not in match["n"]):
        return None
    up = rng.random() < 0.6
    said = written(rounded(value, 2, up))
    few = "less than" if "%" in match["after"] or "cent" in match["after"] else "fewer than"
    word = str(pick(rng, ["more than", "over", "at least"])) if up else str(pick(rng, [few, "under"]))
    return text[: match.start()] + f"{word} {said}{match['after']}" + text[match.end() :]


def invent_cause(text: str, context: Context, rng: random.Random) -> str | None:
    """Make another sentence of the evidence the cause of this one."""
    others = [
        s for i, s in enumerate(context.sentences) if i != context.place and 4 <= len(s.split()) <= 20 and ":" not in s
    ]
    if not others or len(text.split()) > 25 or re.search(r"\b(?:because|since|due to|therefore)\b", text):
        return None
    joint = str(pick(rng, [" because ", ", which is why ", " as a result of the fact that "]))
    return f"{text.rstrip('. ')}{joint}{lower_first(str(pick(rng, others))).rstrip('. ')}."


BREAKING: tuple[tuple[str, Rule, float], ...] = (
    ("number", swap_number, 1.6),
    ("name", swap_name, 1.6),
    ("roles", swap_roles, 1.0),
    ("negation", negate, 1.2),
    ("opposite", use_opposite, 1.2),
    ("sibling", use_sibling, 1.0),
    ("scope", change_scope, 0.8),
    ("detail", add_detail, 2.2),
    ("word", replace_word, 2.0),
    ("predicate", replace_phrase, 1.4),
    ("bound", break_bound, 1.0),
    ("cause", invent_cause, 0.5),
)
