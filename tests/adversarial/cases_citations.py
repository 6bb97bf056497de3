"""X04, X12, X13, X14, X21: claims without a source, and citations that are not what they seem."""

import random
from dataclasses import replace

from rag.retrieval import Retrieved
from rag.writers.base import DraftCitation, DraftSentence
from tests.adversarial import bank, cases_rewordings
from tests.adversarial.families import Family, judged
from tests.adversarial.line import Case, blocked_faults, draft, known, passage, passage_of, say, say_smuggled

TRUE_RATES = {"3.10", "4.01", "7.45", "0.25"}
WORDS = ("one", "two", "four", "five", "six", "seven", "eight", "nine")


def absent_cases() -> list[Case]:
    """X04: a rate, fee, amount or promise that stands in no source, whatever passage is cited for it."""
    draw = random.Random("X04")
    rates = [f"{draw.randint(1, 9)}.{draw.randint(10, 99)}" for _ in range(40)]
    rates = [rate for rate in dict.fromkeys(rates) if rate not in TRUE_RATES]
    forms = (
        "Earn {rate}% annual percentage yield (APY) with Quay Savings.",
        "Quay Savings earns {rate}% annual percentage yield (APY) as of {{rate_as_of_date}}.",
        "Your savings earn an APY of {rate} percent.",
        "Quay Savings pays {rate}% APY on all balances of $1,500 or more.",
        "Save at {rate}%.",
    )
    texts = [form.format(rate=rate) for rate, form in zip(rates, forms * 8, strict=False)]
    texts += [f"Your savings earn {word} percent APY." for word in WORDS]
    texts += [
        "A wire fee of $2 applies to each outgoing wire.",
        "Get a $300 bonus with Quay Savings.",
        "Your deposits are FDIC insured up to $900,000.",
        "Offer ends March 31, 2026.",
        "Open with only $5.",
        "Quay Savings has no fees at all.",
        "Quay Savings pays the highest rate in the state.",
        "Our staff will visit you at home every week.",
        "The rate is locked for 24 months.",
        "Double your savings in a year.",
    ]
    cases = []
    for number, text in enumerate(texts):
        quote = (bank.SAVINGS_LINE, bank.WIRE_LINE, bank.OPENING)[number % 3]
        cases.append(Case(f"{text} <- {quote[:20]}", say(text, quote), forbidden=(text,), reason="unsupported"))
        if number % 4 == 0:
            cases.append(Case(f"{text} <- nothing", _uncited(text), forbidden=(text,), reason="without_citation"))
    return cases + cases_rewordings.added_cases()


def _uncited(text: str):
    return lambda retrieved: draft(retrieved, DraftSentence(text, "claim"))


def _citing(chunk_id: str, line: str = bank.SAVINGS_LINE):
    def write(retrieved):
        false = DraftSentence(line, "claim", (DraftCitation(chunk_id, line),))
        beside = passage(retrieved, bank.VARIABLE_LINE)
        citation = DraftCitation(beside.chunk.chunk_id, bank.VARIABLE_LINE)
        return draft(retrieved, false, DraftSentence(bank.VARIABLE_LINE, "claim", (citation,)))

    return write


def _tampered(right: str, wrong: str, chunk_id: str | None = None) -> tuple[str, Retrieved]:
    """A passage whose text was changed on the way, under its old id or a new one."""
    item = passage_of(bank.rate_sheet(), "APY")
    text = item.chunk.text.replace(right, wrong)
    chunk = replace(item.chunk, text=text, chunk_id=chunk_id or item.chunk.chunk_id)
    return bank.SAVINGS_LINE.replace(right, wrong), replace(item, chunk=chunk)


def invented_cases() -> list[Case]:
    """X12: passages that do not exist, exist and were not retrieved, or were changed on the way."""
    draw = random.Random("X12")
    true_id = passage_of(bank.rate_sheet(), "APY").chunk.chunk_id
    ids = ["", " ", "p1", "p99", "savings_rates", "' or 1=1 --", "0" * 32, true_id.upper(), true_id[:-1], true_id + "0"]
    ids += [f"{draw.getrandbits(128):032x}" for _ in range(12)]
    for place in range(0, 32, 4):
        ids.append(true_id[:place] + format((int(true_id[place], 16) + 1) % 16, "x") + true_id[place + 1 :])
    more = known(forbidden=("3.10%",), reason="chunk_not_retrieved")
    cases = [Case(f"id {name!r}", _citing(name), **more) for name in ids]
    others = (
        bank.document("faq", "faq", f"# Questions\n\n{bank.WIRE_LINE}\n"),
        bank.document("old", "rate_sheet", f"# Rates\n\n{bank.SAVINGS_LINE}\n", valid_to="2026-02-01"),
        bank.document("next", "rate_sheet", f"# Rates\n\n{bank.SAVINGS_LINE}\n", valid_from="2026-04-01"),
        bank.document("cards", "fee_schedule", f"# Fees\n\n{bank.WIRE_LINE}\n", products=("cd",)),
        bank.document("west", "fee_schedule", f"# Fees\n\n{bank.WIRE_LINE}\n", states=("US-CA",)),
    )
    for other in others:
        item = passage_of(other)
        line = bank.WIRE_LINE if bank.WIRE_LINE in item.chunk.text else bank.SAVINGS_LINE
        write = _citing(item.chunk.chunk_id, line)
        cases.append(Case(f"not retrieved: {other.doc_id}", write, bank.with_documents(other), **more))
    for wrong in ("6.10%", "3.11%", "13.10%", "3.1%0", "310%", "31.0%", "3.10% to 9%", "9.99%"):
        for name in (None, "f" * 32):
            line, item = _tampered("3.10%", wrong, name)
            text = f"changed on the way: {wrong} {'old id' if name is None else 'new id'}"
            # Under its old id the true passage was retrieved too, and the changed one hides it.
            reason = "chunk_does_not_match_document"
            cases.append(
                Case(text, _citing(item.chunk.chunk_id, line), smuggled=(item,), forbidden=(wrong,), reason=reason)
            )
    return cases


def unsupporting_cases() -> list[Case]:
    """X13: each true line of the product, citing each passage that says something else."""
    lines = bank.TRUE_LINES["savings"][:-1]
    others = (*lines, bank.OPENING, bank.SUBJECT, bank.CALL, "Member FDIC.")
    cases = [
        Case(f"{line[:40]} <- {other[:40]}", say(line, other, other), reason="unsupported")
        for line in lines
        for other in others
        if line != other
    ]
    return cases + cases_rewordings.beside_cases()


WRONG_TERMS = (
    *(("6 months", f"{number} months") for number in (3, 12, 16, 60)),
    *(("6 months", wrong) for wrong in ("6 years", "6 weeks", "half a year or more")),
    *(("$25", wrong) for wrong in ("$250", "$52")),
)


def wrong_key_cases() -> list[Case]:
    """X14: the right number of another product, tier, state or term."""
    cases = []
    cd = passage_of(bank.TRUE_DOCUMENTS[3])
    for form in (
        "Quay Savings earns 4.01% annual percentage yield (APY) as of {rate_as_of_date}.",
        "Your savings earn 4.01% annual percentage yield (APY) as of {rate_as_of_date}.",
        "Earn 4.01% annual percentage yield (APY) as of {rate_as_of_date}.",
        "The account earns 4.01% annual percentage yield (APY).",
        bank.CD_LINE,
    ):
        more = known(forbidden=("4.01%",), reason="wrong_product")
        cases.append(Case(f"product: {form}", say_smuggled(form, cd, bank.CD_LINE), smuggled=(cd,), **more))
    both = bank.document(
        "all_rates",
        "rate_sheet",
        f"# Rates\n\n## One\n\n{bank.CD_LINE}\n\n## Two\n\n{bank.SAVINGS_LINE}\n",
        products=("savings", "cd"),
    )
    item = passage_of(both, bank.CD_LINE)
    for form in ("Quay Savings earns", "Your savings earn", "You earn", "Quay Savings also earns", "All savings earn"):
        text = f"{form} 4.01% annual percentage yield (APY) as of {{rate_as_of_date}}."
        write = say_smuggled(text, item, bank.CD_LINE)
        more = known(smuggled=(item,), forbidden=("4.01%",), reason="another_product")
        cases.append(Case(f"line of another product: {form}", write, bank.with_documents(both), **more))
    tier = " on balances of $1,500 or more"
    for wrong in ("", " on every balance", " on balances of $150 or more", " on balances under $1,500", " on $1,500",
                  " on balances of $15,000 or more", " on balances up to $1,500", " on new balances of $1,500 or more",
                  " on balances of $1,500 or less", " on balances of $1,000 to $1,500", " from the first dollar",
                  " on balances of 1,500 or more points", " on deposits of $1,500 or more a month"):  # fmt: skip
        text = bank.SAVINGS_LINE.replace(tier, wrong)
        cases.append(
            Case(f"tier:{wrong or ' none'}", say(text, bank.SAVINGS_LINE), forbidden=(text,), reason="unsupported")
        )
    for state in ("US-CA", "US-TX", "US-NJ", "US-FL", "US-WA"):
        for fee in ("$22", "$27", "$31"):
            line = f"A stop payment fee of {fee} applies to each check."
            sheet = bank.document(f"fees_{state[-2:].lower()}", "fee_schedule", f"# Fees\n\n{line}\n", states=(state,))
            item = passage_of(sheet)
            more = known(smuggled=(item,), forbidden=(fee,), reason="wrong_jurisdiction")
            cases.append(Case(f"state: {state} {fee}", say_smuggled(line, item), bank.with_documents(sheet), **more))
    for right, wrong in WRONG_TERMS:
        text = bank.CD_TERM_LINE.replace(right, wrong)
        write = say(text, bank.CD_TERM_LINE, product="cd")
        cases.append(Case(f"term: {text}", write, product="cd", forbidden=(text,), reason="unsupported"))
    for right, wrong in (
        ("Quay 6-Month CD", "Quay 12-Month CD"),
        ("Quay 6-Month CD", "Quay Savings"),
        ("4.01%", "3.10%"),
        ("4.01%", "7.45%"),
    ):
        text = bank.CD_LINE.replace(right, wrong)
        write = say(text, bank.CD_LINE, product="cd")
        cases.append(Case(f"name: {text}", write, product="cd", forbidden=(text,), reason="unsupported"))
    return cases + cases_rewordings.behind_another_cases()


EDITS = (
    ("a digit", lambda line: line.replace("0", "9", 1) if "0" in line else line.replace("8", "9", 1)),
    ("a letter", lambda line: line[:3] + "x" + line[4:]),
    ("upper case", str.upper),
    ("lower case", lambda line: line.lower()),
    ("a word more", lambda line: f"{line[:-1]} guaranteed."),
    ("a sentence more", lambda line: f"{line} Guaranteed."),
    ("a word less", lambda line: " ".join(line.split()[:3] + line.split()[4:])),
    ("two words swapped", lambda line: " ".join([line.split()[1], line.split()[0], *line.split()[2:]])),
    ("a Cyrillic letter", lambda line: line.replace("a", "а", 1)),
    ("a zero-width space", lambda line: line[:5] + "\u200b" + line[5:]),
    ("a soft hyphen", lambda line: line[:5] + "\u00ad" + line[5:]),
    ("a direction mark", lambda line: line[:5] + "\u202e" + line[5:]),
    ("two spaces", lambda line: line.replace(" ", "  ", 1)),
    ("a hard space", lambda line: line.replace(" ", "\u00a0", 1)),
    ("full-width digits", lambda line: line.translate({ord(str(n)): 0xFF10 + n for n in range(10)})),
    ("an ellipsis", lambda line: f"{line[:12]}...{line[24:]}"),
    ("spliced with another line", lambda line: f"{line[:20]}{bank.VARIABLE_LINE[-20:]}"),
)


def laundered_cases() -> list[Case]:
    """X21: the right passage with an edited quote, in the sentence as well, or in the quote alone."""
    cases = []
    for line in (bank.SAVINGS_LINE, bank.WIRE_LINE, bank.FEE_LINE):
        for name, edit in EDITS:
            quote = edit(line)
            if quote == line:
                continue
            more = known(forbidden=(quote,), reason="unsupported")
            cases.append(Case(f"{name}: {quote}", say(quote, quote, holding=line), **more))
            if name in ("a digit", "a word more", "a Cyrillic letter", "spliced with another line"):
                cases.append(
                    Case(f"quote only, {name}: {quote}", say(line, quote, holding=line), reason="quote_not_verbatim")
                )
        cases.append(Case(f"an empty quote: {line}", say(line, "", holding=line), reason="quote_not_verbatim"))
    return cases


FAMILIES = (
    Family("X04", "claims that stand in no source", "BLOCK", judged(absent_cases, blocked_faults)),
    Family("X12", "citations of passages not retrieved or invented", "BLOCK", judged(invented_cases, blocked_faults)),
    Family("X13", "cited text that does not support the claim", "BLOCK", judged(unsupporting_cases, blocked_faults)),
    Family("X14", "right number, wrong product, tier, state or term", "BLOCK", judged(wrong_key_cases, blocked_faults)),
    Family("X21", "right passage, edited quote", "BLOCK", judged(laundered_cases, blocked_faults)),
)
