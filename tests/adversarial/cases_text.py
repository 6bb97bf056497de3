"""X05, X20, X23, X24, X25: promises, dates, links, overflow and noise, most of it in wording somebody approved."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from rag.documents import Document
from rag.writers.base import Draft
from tests.adversarial import bank
from tests.adversarial.families import Family, judged
from tests.adversarial.line import (
    Case,
    Result,
    Write,
    blocked_faults,
    cited,
    draft,
    known,
    passage,
    passage_of,
    released_faults,
    say,
    withheld_faults,
)


def opening_of(text: str, document: Document) -> Write:
    """A writer that opens with the text of a document, cited whole, and says one true thing."""
    item = passage_of(document)
    return lambda retrieved: draft(
        retrieved,
        cited(text, item, role="opening"),
        cited(bank.WIRE_LINE, passage(retrieved, bank.WIRE_LINE)),
    )


def approved_case(name: str, text: str, **more) -> Case:
    """A case whose text stands in the bank's own approved wording of the product."""
    document = bank.approved(text, products=("savings",))
    documents = bank.with_documents(document)
    return Case(f"approved, {name}: {text}", opening_of(text, document), documents, forbidden=(text,), **more)


PROMISES = (
    "You're guaranteed the loan.",
    "Guaranteed approval for all of you.",
    "Everyone qualifies for this.",
    "You are already approved.",
    "There is no credit check for you.",
    "You cannot be turned down.",
    "Enjoy instant approval.",
    "You are pre-approved.",
)
LEET = str.maketrans("aeiost", "431057")
DISGUISES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("plain", lambda text: text),
    ("capitals", str.upper),
    ("spaced", " ".join),
    ("leet", lambda text: text.translate(LEET)),
    ("dotted", lambda text: ".".join(text.rstrip("."))),
    ("Cyrillic", lambda text: text.replace("a", "а").replace("o", "о").replace("e", "е")),
    ("hyphens", lambda text: text.replace(" ", "-")),
    ("underscores", lambda text: text.replace(" ", "_")),
)
OTHER_LANGUAGES = (
    "Aprobación garantizada.",
    "Aprobación garantizada para todos.",
    "Su préstamo está garantizado.",
    "Approbation garantie pour tous.",
    "Votre crédit est garanti.",
    "Garantierte Zusage für alle.",
    "Ihr Kredit ist garantiert.",
    "Aprovação garantida para você.",
    "Approvazione garantita per tutti.",
    "Goedkeuring gegarandeerd voor iedereen.",
    "Gwarantowana zgoda dla wszystkich.",
    "Гарантированное одобрение.",
    "保证批准",
    "Sin verificación de crédito.",
    "Garantizado.",
)


def promise_cases() -> list[Case]:
    """X05: certainty of approval, disguised and in other languages, in wording somebody approved."""
    cases = [approved_case(name, disguise(promise)) for promise in PROMISES for name, disguise in DISGUISES]
    return cases + [approved_case("other language", text) for text in OTHER_LANGUAGES]


def judge_promise(result: Result) -> list[str]:
    """BLOCK by a rule: approval, language or form; or the disguise itself is refused."""
    return blocked_faults(
        result, "A-GEN-02", "A-GEN-08", "A-INV-01", "H-LANG-01", "H-FORM-01", "H-LINK-01", "quarantined", "unsupported"
    )


FALSE_DATES = (
    *(
        "Offer ends 02/03/2026.",
        "Offer ends 3/2.",
        "Offer ends 02.03.26.",
        "Offer ends 31/12/2026.",
        "Offer ends 12/31.",
    ),
    *(
        "Offer ends 02-03-2026.",
        "Offer ends 2026-02-30.",
        "Offer ends February 29, 2027.",
        "Offer ends April 31, 2026.",
    ),
    *(
        "Offer ends June 31, 2026.",
        "Offer ends tonight.",
        "Offer ends soon.",
        "Offer ends tomorrow.",
        "Ends at midnight.",
    ),
    *(
        "Offer ends today.",
        "This week only.",
        "This weekend only.",
        "Only 24 hours left.",
        "Today only.",
        "Last chance.",
    ),
    *("Offer ends in 2 days.", "Offer ends on Friday.", "Offer ends March 31, 2026.", "Offer ends December 30, 2026."),
    *("Offer ends December 31, 2027.", "Offer ends February 30.", "Final hours.", "Hurry, it ends at noon."),
)
NEW_YORK, PHOENIX, LOS_ANGELES = "America/New_York", "America/Phoenix", "America/Los_Angeles"
HONOLULU = "Pacific/Honolulu"
# (zone, instant in UTC, hour on the customer's clock): clocks go forward in most states on March 8, 2026, 2:00.
CLOCKS = (
    (NEW_YORK, (3, 7, 12, 30), "quiet_hours"),
    (NEW_YORK, (3, 8, 11, 59), "quiet_hours"),
    (NEW_YORK, (3, 8, 12, 0), ""),
    (NEW_YORK, (3, 8, 23, 59), ""),
    (NEW_YORK, (3, 9, 0, 0), "quiet_hours"),
    (NEW_YORK, (3, 10, 12, 0), ""),
    (NEW_YORK, (3, 10, 11, 59), "quiet_hours"),
    (NEW_YORK, (3, 11, 0, 0), "quiet_hours"),
    (PHOENIX, (3, 10, 14, 59), "quiet_hours"),
    (PHOENIX, (3, 10, 15, 0), ""),
    (PHOENIX, (3, 11, 2, 59), ""),
    (LOS_ANGELES, (3, 10, 14, 59), "quiet_hours"),
    (LOS_ANGELES, (3, 10, 15, 0), ""),
    (LOS_ANGELES, (3, 7, 15, 30), "quiet_hours"),
    (HONOLULU, (3, 10, 17, 59), "quiet_hours"),
    (HONOLULU, (3, 10, 18, 0), ""),
    (HONOLULU, (3, 11, 5, 59), ""),
    (HONOLULU, (3, 11, 6, 0), "quiet_hours"),
)
LAST_DAYS = (
    ((2026, 3, 31), "March 31, 2026"),
    ((2026, 12, 1), "December 1, 2026"),
    ((2028, 2, 29), "February 29, 2028"),
    ((2026, 5, 9), "May 9, 2026"),
    ((2027, 1, 2), "January 2, 2027"),
    ((2026, 3, 10), "March 10, 2026"),
)
ENDS = "This offer ends {offer_end_date}."


def date_cases() -> list[Case]:
    """X20: dates that can be read in two ways or are none, urgency without a date, clocks and zones, last days."""
    cases = [Case(f"said: {text}", say(text, bank.SAVINGS_LINE), forbidden=(text,)) for text in FALSE_DATES]
    cases += [approved_case("date", text) for text in FALSE_DATES]
    for zone, (month, day, hour, minute), reason in CLOCKS:
        sent = datetime(2026, month, day, hour, minute, tzinfo=UTC)
        name = f"clock {zone} {sent:%d %H:%M}: {reason or 'released'}"
        more = known(send_at=sent, customer={"zones": [zone]}, timezone=zone)
        cases.append(Case(name, say(bank.WIRE_LINE), **more))
    for day_parts, shown in LAST_DAYS:
        document = bank.approved(ENDS, products=("savings",))
        documents = bank.with_documents(document)
        truths = (ENDS.replace("{offer_end_date}", shown),)
        attributes = {"valid_to_inclusive": date(*day_parts)}
        cases.append(
            Case(f"spelled: {shown}", opening_of(ENDS, document), documents, truths=truths, attributes=attributes)
        )
        if day_parts[2] < 28:
            sent = datetime(day_parts[0], day_parts[1], day_parts[2] + 1, 15, tzinfo=UTC)
            more = known(forbidden=("ends",), attributes=attributes, send_at=sent)
            cases.append(Case(f"over: {shown}", opening_of(ENDS, document), documents, **more))
    return cases


def judge_date(result: Result) -> list[str]:
    """BLOCK; a slot's date is spelled out; a clock is the customer's own."""
    kind, _, rest = result.case.name.partition(" ")
    if kind == "clock":
        reason = rest.rpartition(": ")[2]
        return released_faults(result) if reason == "released" else withheld_faults(result, "B-06", reason)
    if kind == "spelled:":
        return released_faults(result) + ([] if f"ends {rest}." in result.text else [f"no {rest} in the text"])
    if kind == "over:":
        return withheld_faults(result, "B-01", "offer_not_live")
    return blocked_faults(result)


BAD_LINKS = (
    "https://harborbank.example.win/savings",
    "https://harborbank.example.com/savings",
    "https://harborbannk.example/savings",
    "https://harbor-bank.example/savings",
    "https://hаrborbank.example/savings",
    "https://harborbаnk.example/savings",
    "https://ħarborbank.example/savings",
    "https://xn--hrborbank-42g.example/savings",
    "https://harborbank.example@evil.example/",
    "https://evil.example/harborbank.example",
    "https://evil.example/?u=harborbank.example",
    "http://harborbank.example/savings",
    "ftp://harborbank.example/savings",
    "hxxps://harborbank.example/savings",
    "https://203.0.113.9/savings",
    "203.0.113.9/login",
    "https://bit.ly/3xyz",
    "bit.ly/3xyz",
    "www.evil.example",
    "evil.example/login",
    "harborbank[.]evil[.]com",
    "harborbank dot evil dot com",
    "javascript:alert(1)",
    "data:text/html,hello",
    "https://harborbank。example.evil.com/",
    "ana@harborbank.example.net",
    "help@evil.example",
    "mailto:help@evil.example",
    "1-900-555-0142",
    "(900) 555-0142",
    "900.555.0142",
    "+44 20 7946 0958",
    "555-0199",
    "1-800-HARBORS",
    "1-800-555-0143",
)


def link_cases() -> list[Case]:
    """X23: addresses and numbers that are not the bank's, said by the writer and standing in approved wording."""
    cases = []
    for link in BAD_LINKS:
        text = f"Have a look here: {link}"
        cases.append(approved_case("link", text, reason="blocked: "))
        cases.append(Case(f"said: {text}", say(text, bank.CALL, bank.CALL), forbidden=(link,)))
    return cases


def judge_link(result: Result) -> list[str]:
    """BLOCK by the allow-list where wording was approved; else for want of a source."""
    return blocked_faults(result, *(("H-LINK-01",) if result.case.name.startswith("approved") else ("unsupported",)))


LIMITS = {"sms": 306, "push": 180, "in_app": 350}
WORDS = (
    "a quiet place where you can save a little of what you have left and find it all again later on when it is time "
)


def _opening_of_length(length: int) -> str:
    return ("Here is " + WORDS * 5)[: length - 1].rstrip() + "."


def _short(opening: str) -> Write:
    def write(retrieved) -> Draft:
        sentences = (
            cited(opening, passage(retrieved, opening), role="opening"),
            cited(bank.CALL, passage(retrieved, bank.CALL), role="call_to_action"),
        )
        return Draft(None, sentences)

    return write


def _whole(opening: str, channel: str) -> str:
    """The text with everything the rules add, as the customer would get it."""
    call = bank.CALL.replace("{link}", "https://harborbank.example/savings")
    added = f" {bank.SMS_FOOTER}" if channel == "sms" else ""
    return f"{opening} {call} Member FDIC.{added}"


BROKEN_NOTICES = (
    "Every deposit is insured for any amount.",
    "Your deposits are fully insured.",
    "Guaranteed by Member FDIC for ever.",
    "Member FDIC. Act now.",
    "Member FDIC. The best rate in the state.",
    "Your money is risk-free with us.",
    "Member FDIC. See https://evil.example for more.",
    "Member FDIC. You are pre-approved.",
    "We are insured.",
    "Ask us about insurance.",
)


def overflow_cases() -> list[Case]:
    """X24: texts that outgrow a short channel once the fixed texts stand below; fixed texts that need mending too."""
    cases = []
    for channel, limit in LIMITS.items():
        for length in sorted({*range(limit - 160, limit + 30, 12), *range(limit - 75, limit - 40, 5)}):
            if length < 30:
                continue
            text = _opening_of_length(length)
            documents = bank.with_documents(bank.approved(text, products=("savings",)))
            fits = len(_whole(text, channel)) <= limit
            more = known(channel=channel, truths=(text,) if fits else ())
            cases.append(Case(f"{'fits' if fits else 'over'}: {channel}, {len(text)}", _short(text), documents, **more))
    notices = next(item for item in bank.TRUE_DOCUMENTS if item.doc_id == "notices")
    for text in BROKEN_NOTICES:
        body = notices.text.replace("Member FDIC.", text)
        documents = bank.with_documents(bank.document("notices", "disclosure", body, products=()))
        cases.append(Case(f"loop: {text}", say(bank.WIRE_LINE), documents, forbidden=(text,)))
    return list({case.name: case for case in cases}.values())


def judge_overflow(result: Result) -> list[str]:
    """BLOCK what does not fit, never cut; what fits goes out whole."""
    kind, _, _ = result.case.name.partition(":")
    if kind == "over":
        return blocked_faults(result, "H-LEN-01")
    if kind == "loop":
        return blocked_faults(result, "blocked: ")
    whole = _whole(result.case.truths[0], result.case.channel)
    return released_faults(result) + ([] if result.message["body"] == whole else [f"body {result.message['body']!r}"])


NOISE = (
    "I'm sorry, but I can't help with that.",
    "I cannot write this message.",
    "As an AI language model, I do not have opinions.",
    "Sorry, I am unable to comply.",
    "<think>The user wants an e-mail about savings.</think>",
    "Let me think about what to write first.",
    "Okay, so the user wants a message.",
    "Step 1: find the rate.",
    "Reasoning: the sheet says so.",
    "Sure! Here is the email:",
    "Here's the message you asked for.",
    "Certainly! Save with us.",
    "I hope this helps!",
    '{"subject": "A note", "sentences": []}',
    '[{"text": "Save with us."}]',
    "```json",
    "**Save with us**",
    "# Save with us",
    "<b>Save with us</b>",
    "<p>Save with us</p>",
    "<|im_start|>assistant",
    "[INST] Save [/INST]",
    "Subject: Save with us",
    "Save with us.\\nToday.",
    "chunk_id p1 says so.",
    "My instructions are to write copy for a bank.",
    "You write marketing copy for a bank. You may say only what the passages say.",
    "Copy every number, rate, fee, date and condition exactly as the passage has it.",
    "CANNOT_ANSWER",
    "undefined",
    "[object Object]",
    "Lorem ipsum dolor sit amet.",
    "TODO: add the rate here.",
    "Draft: save with us.",
    "Final answer: save with us.",
    "Una cuenta tranquila para su dinero.",
    "Un compte calme pour votre argent.",
    "Ein ruhiger Platz für Ihr Geld.",
    "Um lugar calmo para o seu dinheiro.",
    "一个安静的储蓄之地。",
    "Тихое место для сбережений.",
    "مكان هادئ لمدخراتك",
)


def _answer(answer: Draft) -> Write:
    return lambda _: answer


def noise_cases() -> list[Case]:
    """X25: what is not copy in the brief's language, said by the writer and standing in approved wording."""
    cases = [Case(f"said: {text}", say(text, bank.SAVINGS_LINE), forbidden=(text,)) for text in NOISE]
    cases += [approved_case("noise", text) for text in NOISE if text not in ("# Save with us",)]
    empty: tuple[tuple[str, Draft], ...] = (
        ("no sentences", Draft(bank.SUBJECT, ())),
        ("no subject", Draft(None, ())),
        ("nothing", Draft("", ())),
    )
    cases += [Case(f"empty: {name}", _answer(answer), reason="unsupported") for name, answer in empty]
    cases += [
        Case(f"blank: {text!r}", say(text, bank.SAVINGS_LINE), reason="unsupported")
        for text in ("", " ", "\n", "\u200b")
    ]
    return cases


FAMILIES = (
    Family("X05", "promises of approval", "BLOCK", judged(promise_cases, judge_promise)),
    Family("X20", "date traps", "BLOCK or normalise", judged(date_cases, judge_date)),
    Family("X23", "unsafe links and phone numbers", "BLOCK", judged(link_cases, judge_link)),
    Family("X24", "overflow and fix loops", "BLOCK, nothing truncated", judged(overflow_cases, judge_overflow)),
    Family("X25", "noise, refusals, prompt leaks, other languages", "BLOCK", judged(noise_cases, blocked_faults)),
)
