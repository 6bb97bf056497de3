"""X15 to X19: a true line with one thing changed, quoting the true line; what was changed is known, not parsed."""

import random
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from rag.documents import Document
from tests.adversarial import bank, cases_rewordings
from tests.adversarial.families import Family, judged
from tests.adversarial.line import Case, Result, blocked_faults, released_faults, say

# (product, line, the numbers in it)
NUMBERS = (
    ("savings", bank.SAVINGS_LINE, ("3.10", "1,500")),
    ("savings", bank.FEE_LINE, ("1,500",)),
    ("savings", bank.WIRE_LINE, ("18",)),
    ("savings", bank.WAIVED_LINE, ("400",)),
    ("savings", bank.TRANSFER_LINE, ("6",)),
    ("cd", bank.CD_LINE, ("4.01",)),
    ("cd", bank.CD_TERM_LINE, ("25",)),
    ("loan", bank.LOAN_LINE, ("7.45",)),
    ("loan", bank.DISCOUNT_LINE, ("0.25",)),
    ("renters", bank.COVER_LINE, ("20,000",)),
)


def changed(name: str, product: str, line: str, text: str, **more) -> Case:
    """A case in which `text` is said and `line` is quoted for it."""
    return Case(f"{name}: {text}", say(text, line, product=product), product=product, forbidden=(text,), **more)


def _value(written: str) -> Decimal | None:
    try:
        return Decimal(written.replace(",", ""))
    except InvalidOperation:
        return None


def other_numbers(number: str) -> list[str]:
    """Every number a slip of the hand makes of one: swapped, dropped, doubled and shifted digits, other separators."""
    places = [place for place, character in enumerate(number) if character.isdigit()]
    found = []
    for left, right in pairwise(places):
        signs = list(number)
        signs[left], signs[right] = signs[right], signs[left]
        found.append("".join(signs))
    for place in places:
        found.append(number[:place] + number[place + 1 :])
        found.append(number[:place] + number[place] + number[place:])
        found.append(number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :])
    plain = number.replace(",", "")
    found += [
        number.replace(".", ","),
        number.replace(",", "."),
        f"{Decimal(plain) * 10:f}",
        f"{Decimal(plain) / 10:f}",
    ]
    found += [number.replace(".", ""), f"{number} to {Decimal(plain) * 2:f}", number.replace(",", " "), f"{number}0,"]
    same = _value(number)
    return sorted({text for text in found if text and (_value(text) is None or _value(text) != same or "," in text)})


def digit_cases() -> list[Case]:
    """X15: swapped, dropped, doubled and shifted digits, and separators of other places."""
    cases = []
    for product, line, numbers in NUMBERS:
        for number in numbers:
            wrong = [text for text in other_numbers(number) if text != number]
            for text in random.Random(f"X15 {line}").sample(wrong, min(9, len(wrong))):
                cases.append(changed("digits", product, line, line.replace(number, text, 1)))
    return cases


UNITS = (
    ("savings", bank.SAVINGS_LINE, "3.10%", ("310 basis points", "3.10 percentage points", "$3.10", "3.10", "3.10‰")),
    ("savings", bank.SAVINGS_LINE, "3.10%", ("0.0310", "310%", "3.10 points", "3.10% a month,", "3.10 bps")),
    (
        "savings",
        bank.SAVINGS_LINE,
        "annual percentage yield (APY)",
        ("annual percentage rate (APR)", "interest", "a month", "return", "monthly yield", "cash back", "a day"),
    ),
    ("savings", bank.SAVINGS_LINE, "$1,500", ("1,500%", "1,500 cents", "€1,500", "1,500 points", "1,500 months")),
    ("savings", bank.FEE_LINE, "monthly fee", ("annual fee", "daily fee", "wire fee", "late fee")),
    ("savings", bank.FEE_LINE, "$1,500", ("1,500 points", "1,500 basis points", "15.00%")),
    ("savings", bank.WIRE_LINE, "$18", ("18%", "18 cents", "€18", "£18", "18 basis points", "18 points")),
    ("savings", bank.WIRE_LINE, "each outgoing wire", ("each month", "each year", "each incoming transfer")),
    ("savings", bank.WAIVED_LINE, "each month", ("each year", "each week", "each day")),
    ("savings", bank.TRANSFER_LINE, "6 transfers a month", ("6 transfers a day", "6 transfers a year", "$6 a month")),
    ("cd", bank.CD_TERM_LINE, "6 months", ("6 years", "6 weeks", "6 days", "6%")),
    ("cd", bank.CD_LINE, "4.01%", ("401 bps", "4.01 points", "$4.01", "0.401%")),
    ("loan", bank.LOAN_LINE, "annual percentage rate (APR)", ("annual percentage yield (APY)", "monthly rate", "fee")),
    ("loan", bank.DISCOUNT_LINE, "0.25 percentage points", ("0.25%", "25%", "25 percentage points", "$0.25", "0.25")),
    ("renters", bank.COVER_LINE, "$20,000", ("20,000 points", "20,000%", "20,000 cents")),
)


def unit_cases() -> list[Case]:
    """X16: the right digits in another unit, of another period or under another name."""
    return [
        changed("unit", product, line, line.replace(right, wrong, 1))
        for product, line, right, wrongs in UNITS
        for wrong in wrongs
    ] + cases_rewordings.disguised_cases()


FLIPS = (
    ("savings", bank.NOT_INSURED_LINE, "is not insured", ("is insured", "is fully insured", "is always insured")),
    (
        "savings",
        bank.FEE_LINE,
        "There is no monthly fee unless",
        (
            "There is a monthly fee unless",
            "There is no monthly fee if",
            "There is no monthly fee when",
            "There is no monthly fee even if",
            "There is no monthly fee, although",
            "There is not no monthly fee unless",
            "There is no monthly fee except if",
            "There is no monthly fee only if",
        ),
    ),
    ("savings", bank.FEE_LINE, " unless the balance falls below $1,500", ("", " ever", " at any time", " for anyone")),
    ("savings", bank.FEE_LINE, "falls below", ("rises above", "stays above", "does not fall below", "is over")),
    (
        "savings",
        bank.WIRE_LINE,
        "A wire fee of $18 applies",
        (
            "No wire fee of $18 applies",
            "A wire fee of $18 never applies",
            "A wire fee of $18 does not apply",
            "A wire fee of up to $18 applies",
            "A wire fee from $18 applies",
            "A wire fee of less than $18 applies",
            "A wire fee over $18 applies",
            "A wire fee of at least $18 applies",
        ),
    ),
    ("savings", bank.WAIVED_LINE, "is waived", ("is not waived", "is never waived", "applies", "is no longer waived")),
    ("savings", bank.WAIVED_LINE, "with direct deposit", ("without direct deposit", "even without direct deposit")),
    ("savings", bank.WAIVED_LINE, "or more", ("or less", "at most")),
    ("savings", bank.TRANSFER_LINE, "Up to 6", ("At least 6", "From 6", "More than 6", "Over 6", "Exactly 6", "All 6")),
    ("savings", bank.TRANSFER_LINE, "are free", ("are not free", "are never free")),
    (
        "savings",
        bank.SAVINGS_LINE,
        "earns",
        ("does not earn", "never earns", "earns up to", "earns from", "earns at least", "earns more than", "earned"),
    ),
    ("savings", bank.SAVINGS_LINE, "or more", ("or less", "or under", "at most")),
    ("cd", bank.CD_TERM_LINE, "an early withdrawal penalty of $25 applies", ("no early withdrawal penalty applies",)),
    ("cd", bank.CD_TERM_LINE, "$25 applies", ("$25 does not apply", "up to $25 applies")),
    ("loan", bank.APPROVAL_LINE, "is required", ("is not required", "is never required")),
    ("loan", bank.DISCOUNT_LINE, "takes 0.25 percentage points off", ("adds 0.25 percentage points to",)),
    ("renters", bank.COVER_LINE, "up to", ("from", "at least", "more than")),
)


def flip_cases() -> list[Case]:
    """X17: signs and qualifiers turned round, and quotes cut so that a sign is left out."""
    cases = [
        changed("flip", product, line, line.replace(right, wrong, 1))
        for product, line, right, wrongs in FLIPS
        for wrong in wrongs
    ]
    cuts = (
        ("There is a monthly fee.", "monthly fee", bank.FEE_LINE),
        ("There is no monthly fee.", "There is no monthly fee", bank.FEE_LINE),
        (
            "Quay Savings is insured against loss of your card.",
            "insured against loss of your card.",
            bank.NOT_INSURED_LINE,
        ),
        ("6 transfers a month are free of charge.", "6 transfers a month are free of charge.", bank.TRANSFER_LINE),
    )
    cases += [Case(f"cut: {quote}", say(text, quote, line), forbidden=(text,)) for text, quote, line in cuts]
    return cases + cases_rewordings.turned_cases()


CONDITIONS = (
    "with direct deposit of $400 or more",
    "if you keep $900 in the account",
    "for the first 6 months",
    "when you enroll in paperless statements",
    "unless the account is overdrawn",
    "until June 30, 2026",
    "after 3 months of saving",
)
FEES = ("wire", "statement", "stop payment", "foreign transaction")
PARTIAL = (
    ("with direct deposit of $400 or more", "with direct deposit"),
    ("with direct deposit of $400 or more", "with direct deposit of $40 or more"),
    ("if you keep $900 in the account", "if you keep money in the account"),
    ("if you keep $900 in the account", "if you like"),
    ("for the first 6 months", "for the first months"),
    ("for the first 6 months", "for life"),
    ("when you enroll in paperless statements", "when you enroll"),
    ("unless the account is overdrawn", "unless the account is closed"),
    ("until June 30, 2026", "until further notice"),
    ("after 3 months of saving", "after saving"),
)
UNCONDITIONED = bank.SAVINGS_LINE.replace(" on balances of $1,500 or more", "")
MINIMUM = "A minimum balance of {minimum_balance} earns the annual percentage yield."


def _minimum_sheet(amount: str) -> Document:
    sheet = bank.rate_sheet(UNCONDITIONED)
    body = sheet.text.replace("$1,500", amount)
    return bank.document("savings_rates", "rate_sheet", body)


def condition_cases() -> list[Case]:
    """X18: a condition dropped or thinned out; and one that a fixed text of the catalogue can restore."""
    cases = []
    lines = [f"The {fee} fee is waived {condition}." for fee in FEES for condition in CONDITIONS]
    sheet = bank.document("waivers", "fee_schedule", "# Waivers\n\n## Words | role: detail\n\n" + "\n\n".join(lines))
    documents = bank.with_documents(sheet)
    for fee in FEES:
        for condition in CONDITIONS:
            line, text = f"The {fee} fee is waived {condition}.", f"The {fee} fee is waived."
            cases.append(Case(f"dropped: {line}", say(text, line), documents, forbidden=(text,), reason="condition"))
    for whole, part in PARTIAL:
        line, text = f"The wire fee is waived {whole}.", f"The wire fee is waived {part}."
        cases.append(Case(f"thinned: {part}", say(text, line), documents, forbidden=(text,), reason="unsupported"))
    for product, line, cut in (
        ("savings", bank.SAVINGS_LINE, " on balances of $1,500 or more"),
        ("savings", bank.WAIVED_LINE, " each month"),
        ("loan", bank.DISCOUNT_LINE, " with automatic payments"),
    ):
        cases.append(changed("a part dropped", product, line, line.replace(cut, ""), reason="unsupported"))
    notice = bank.document("minimums", "disclosure", f"## DD_MINBAL | disclosure: DD_MINBAL\n\n{MINIMUM}\n", ())
    for amount in ("$1,500", "$2,000", "$750", "$10,000", "$300", "$25"):
        restored = MINIMUM.replace("{minimum_balance}", amount)
        for name, documents in (
            ("restored", bank.with_documents(_minimum_sheet(amount), notice)),
            ("no fixed text", bank.with_documents(_minimum_sheet(amount))),
        ):
            truths = (UNCONDITIONED, restored)
            cases.append(Case(f"{name}: {amount}", say(UNCONDITIONED), documents, truths=truths, reason="A-DD-02"))
    return cases + cases_rewordings.left_out_cases()


def judge_conditions(result: Result) -> list[str]:
    """FIX where the catalogue holds the condition, and then it is read; else BLOCK."""
    name, _, amount = result.case.name.partition(": ")
    if name != "restored":
        return blocked_faults(result)
    faults = released_faults(result)
    if f"A minimum balance of {amount} earns" not in result.text:
        faults.append("the condition is not restored")
    verdicts = {check.rule_id: check.verdict for check in result.template.checks} if result.template else {}
    return faults if verdicts.get("A-DD-02") == "fixed" else [*faults, f"A-DD-02 is {verdicts.get('A-DD-02')}"]


APPROXIMATE = (
    *("about 3.10%", "around 3.10%", "roughly 3.10%", "nearly 3.10%", "almost 3.10%", "approximately 3.10%", "~3.10%"),
    *("close to 3.10%", "some 3.10%", "3.10%-ish", "3.10% or so", "3.10% give or take", "circa 3.10%", "approx. 3.10%"),
    *("about three percent", "three-ish percent", "three percent", "roughly three percent", "three percent or so"),
    *("three and a half percent", "about four percent", "four-ish percent", "three percent and change"),
    *("3% to 4%", "3.10% to 3.50%", "3-4%", "between 3% and 4%", "from 3% to 3.10%", "three to four percent"),
    *("3%+", "more than 3%", "over 3%", "upwards of 3%", "just under 3.20%", "at least 3%", "as much as 3.10%"),
    *("a good 3%", "well over 3%", "3.1-ish percent", "3.1 something percent"),
)
VAGUE = ("about", "around", "roughly", "nearly", "almost", "approximately", "close to", "some", "circa", "approx.")


def approximate_cases() -> list[Case]:
    """X19: ranges, number words and approximations in place of the rate, and sheets that approximate themselves."""
    cases = [
        changed("approximate", "savings", bank.SAVINGS_LINE, bank.SAVINGS_LINE.replace("3.10%", wrong))
        for wrong in APPROXIMATE
    ]
    for word in VAGUE:
        line = bank.SAVINGS_LINE.replace("3.10%", f"{word} 3.10%")
        documents = bank.with_documents(bank.rate_sheet(line))
        cases.append(Case(f"the sheet says {word}", say(line), documents, forbidden=(word,), reason="H-RATE-01"))
    for amount in (
        "about $18",
        "roughly $18",
        "$18 or so",
        "eighteen-ish dollars",
        "$15 to $20",
        "around twenty dollars",
    ):
        cases.append(changed("approximate", "savings", bank.WIRE_LINE, bank.WIRE_LINE.replace("$18", amount)))
    return cases


FAMILIES = (
    Family("X15", "swapped, dropped and shifted digits", "BLOCK", judged(digit_cases, blocked_faults)),
    Family("X16", "right digits in another unit", "BLOCK", judged(unit_cases, blocked_faults)),
    Family("X17", "flipped signs and qualifiers", "BLOCK", judged(flip_cases, blocked_faults)),
    Family("X18", "dropped conditions", "FIX, else BLOCK", judged(condition_cases, judge_conditions)),
    Family("X19", "ranges, number words, approximations", "BLOCK", judged(approximate_cases, blocked_faults)),
)
