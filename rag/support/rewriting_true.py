"""Rules that rewrite a sentence and keep it true.

Belongs here: one function for each rule, and the list `KEEPING`.
"""

import random
import re

from rag.support.lexicon import NEGATORS, STOPWORDS
from rag.support.quantities import UNITS
from rag.support.rewriting import (
    COUNTED,
    NUMBER,
    SPELLED,
    SUBJECT,
    SYNONYM_FORMS,
    TAIL,
    Context,
    Rule,
    ended,
    lower_first,
    pick,
    replace_match,
    rounded,
    substitute,
    upper_first,
    written,
)

_LEAD = re.compile(
    r"^(?P<lead>(?:In|On|At|After|Before|Since|Until|From|By|For|During|Under|When|While|If|Although|"
    r"Because of|According to|"
    r"Unlike|Today|However|From)\b[^,]{2,70}), (?P<rest>.{20,})$"
)

_ASIDE = re.compile(
    r", (?:which|who|whose|where|aged|a|an|the|like|including|such as|then|led|known|built|"
    r"born)\b[^,]{3,90},(?= )|\s\([^)]{2,80}\)"
)

_CLAUSES = re.compile(
    r"(?:, (?:but|and|while|although|so)|;|:) (?=[A-Z]|the |a |an |he |she |it |they |we |I |there |"
    r"this |those |his |her |its |their |no |most |some |all |\d)"
)

_PASSIVE_BE = {"singular": "was", "plural": "were"}

_WRAPPERS = (
    "According to the text, {}", "The text says that {}", "The article reports that {}", "It is stated that {}",
    "The passage mentions that {}", "We learn that {}", "The report notes that {}", "As described, {}",
)  # fmt: skip


def drop_lead(text: str, _: Context, __: random.Random) -> str | None:
    """Turn 'In 1990, the mill shut.' into 'The mill shut.'; not for conditions, which carry the meaning."""
    match = _LEAD.match(text)
    return (
        upper_first(match["rest"])
        if match and not match["lead"].startswith(("If", "Unlike", "Under", "Until"))
        else None
    )


def move_lead(text: str, _: Context, __: random.Random) -> str | None:
    """Turn 'In 1990, the mill shut.' into 'The mill shut in 1990.'."""
    match = _LEAD.match(text)
    if match is None:
        return None
    return f"{upper_first(match['rest'].rstrip('. '))} {lower_first(match['lead'])}."


def drop_aside(text: str, _: Context, rng: random.Random) -> str | None:
    """Leave out an apposition, a relative clause or a bracket."""
    matches = list(_ASIDE.finditer(text))
    return replace_match(text, pick(rng, matches), "") if matches else None


def drop_tail(text: str, _: Context, __: random.Random) -> str | None:
    """Leave out a clause at the end; not after a negation or a condition, which it may complete."""
    match = TAIL.search(text)
    if (
        match is None
        or match.start() < 25
        or re.search(r"\b(not|no|only|if|unless|without|never|both|between)\b|n't", text[: match.start()])
    ):
        return None
    return text[: match.start()] + "."


def take_clause(text: str, _: Context, rng: random.Random) -> str | None:
    """Take one of several main clauses."""
    parts = [part for part in _CLAUSES.split(text) if len(part.split()) >= 5]
    if len(parts) < 2:
        return None
    part = str(pick(rng, parts))
    return (
        None
        if part.split(maxsplit=1)[0].lower() in ("he", "she", "it", "they", "his", "her")
        else ended(upper_first(part))
    )


def wrap(text: str, _: Context, rng: random.Random) -> str | None:
    """Put 'According to the text' and the like before it."""
    return str(pick(rng, _WRAPPERS)).format(lower_first(text)) if text[:1].isupper() else None


def merge(text: str, context: Context, rng: random.Random) -> str | None:
    """Join it with another sentence of the evidence."""
    others = [
        s for i, s in enumerate(context.sentences) if i != context.place and 4 <= len(s.split()) <= 22 and ":" not in s
    ]
    if not others or len(text.split()) > 25:
        return None
    other = str(pick(rng, others))
    joint = str(pick(rng, ["; ", ", and ", ", while "]))
    return ended(text.rstrip(". ") + joint + lower_first(other))


def resolve_pronoun(text: str, context: Context, _: random.Random) -> str | None:
    """Put the subject of the sentence before in the place of a leading 'He', 'She', 'It'."""
    match = re.match(r"^(He|She|It|They)\b", text)
    if match is None or context.place == 0:
        return None
    subject = SUBJECT.match(context.sentences[context.place - 1])
    if subject is None or subject["subject"].split()[0] in ("It", "He", "She", "They", "There", "This", "If", "When"):
        return None
    return subject["subject"] + text[match.end() :]


def use_synonyms(text: str, _: Context, rng: random.Random) -> str | None:
    """Replace up to three words by synonyms."""
    return substitute(text, SYNONYM_FORMS, rng, rng.randint(1, 3))


def drop_modifiers(text: str, _: Context, rng: random.Random) -> str | None:
    """Leave out an adverb in -ly (but not 'only', 'hardly' and the like)."""
    matches = [
        m
        for m in re.finditer(r"\b[a-z]{3,}ly\b ", text)
        if m.group().strip() not in NEGATORS | {"only", "nearly", "early", "family", "likely", "supply"}
    ]
    return replace_match(text, pick(rng, matches), "") if matches else None


def reformat_number(text: str, _: Context, rng: random.Random) -> str | None:
    """Write a number in another way: 1,500 and 1500, % and per cent, twelve and 12."""
    options: list[str] = []
    for match in NUMBER.finditer(text):
        digits = match.group().replace(",", "")
        if "," in match.group():
            options.append(replace_match(text, match, digits))
        elif digits.isdigit() and len(digits) > 4:
            options.append(replace_match(text, match, f"{int(digits):,}"))
        spelled = next(
            (word for word, value in UNITS.items() if digits == str(value) and value > 1 and word != "dozen"), None
        )
        if spelled and match.start() > 0 and text[match.end() : match.end() + 2] not in (" %", "%"):
            options.append(replace_match(text, match, spelled))
    for match in SPELLED.finditer(text):
        if (
            not re.match(r"[ -](?:hundred|thousand|million|and)|-", text[match.end() : match.end() + 9])
            and text[match.start() - 1 : match.start()] != "-"
        ):
            options.append(replace_match(text, match, str(UNITS[match.group().lower()])))
    if re.search(r"\d ?%", text):
        options.append(re.sub(r"(\d) ?%", r"\1 percent", text))
    if re.search(r"\d per ?cent", text):
        options.append(re.sub(r"(\d) per ?cent", r"\1%", text))
    return str(pick(rng, options)) if options else None


def bound_number(text: str, _: Context, rng: random.Random) -> str | None:
    """Say 'more than 1,300 cases' or 'fewer than 1,400 cases' of 1,312 cases."""
    matches = list(COUNTED.finditer(text))
    if not matches:
        return None
    match: re.Match = pick(rng, matches)
    value = float(match["n"].replace(",", ""))
    if value < 20 or (1000 <= value <= 2100 and "," not in match["n"]):
        return None
    up = rng.random() < 0.4
    said = written(rounded(value, 2, up))
    is_share = "%" in match["after"] or "cent" in match["after"]
    few = ["less than", "under"] if is_share else ["fewer than", "under"]
    word = str(pick(rng, few if up else ["more than", "over", "at least"]))
    return text[: match.start()] + f"{word} {said}{match['after']}" + text[match.end() :]


def to_passive(text: str, _: Context, __: random.Random) -> str | None:
    """Turn 'The council approved the plan.' into 'The plan was approved by the council.'."""
    match = re.match(
        r"^(?P<a>(?:The |A |An )?[\w'-]+(?: [\w'-]+){0,2}) (?P<verb>[a-z]{3,}ed) (?P<b>(?:the|a|an|its|"
        r"his|her|their|[A-Z][\w]+|\d+)(?: [\w'-]+){1,4})"
        r"(?P<rest>(?: (?:in|on|at|after|before|for|because|to|with)\b.*)?\.)$",
        text,
    )
    if match is None or match["a"].split()[-1].lower() in STOPWORDS | {"who", "which"}:
        return None
    be = "were" if match["b"].split()[-1].endswith("s") else "was"
    return f"{upper_first(match['b'])} {be} {match['verb']} by {lower_first(match['a'])}{match['rest']}"


KEEPING: tuple[Rule, ...] = (
    drop_lead, move_lead, drop_aside, drop_tail, take_clause, wrap, merge, resolve_pronoun, use_synonyms, use_synonyms,
    drop_modifiers, reformat_number, bound_number, to_passive,
)  # fmt: skip
