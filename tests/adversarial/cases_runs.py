"""X08, X11, X27: what stops a call or a run; and clean messages that nothing may stop."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from rag.corpus_pin import CorpusPin, StaleCorpus
from rag.documents import Document, manifest_hash
from rag.retrieval import Retrieved
from rag.store import Store
from rag.template_types import Night
from rag.templates import write_templates
from rag.writers import WriterSettings
from rag.writers.embedded import EmbeddedWriter
from rag.writers.ollama import OllamaWriter
from tests.adversarial import bank
from tests.adversarial.families import Family, Verdict
from tests.adversarial.line import Case, known, released_faults, run, say
from tests.ollama_server import running_server
from tests.unit import rag_bank

# X08


def _luhn(prefix: str, length: int) -> str:
    """A number of a length that passes the checksum of payment cards, by trying the last digit."""
    body = prefix + "".join(str((int(prefix[-1]) * 7 + n * 3) % 10) for n in range(length - len(prefix) - 1))
    for last in "0123456789":
        digits = [int(sign) for sign in body + last]
        doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
        if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0:
            return body + last
    raise AssertionError("one of ten last digits passes")


def private_lines() -> list[str]:
    """Lines with personal data, built from number forms and seeded digits."""
    draw = random.Random("X08")
    lines = []
    for prefix, length in (("4", 16), ("51", 16), ("34", 15), ("6011", 16), ("4", 13), ("35", 16)):
        number = _luhn(prefix + str(draw.randint(100, 999)), length)
        spaced = " ".join(number[start : start + 4] for start in range(0, len(number), 4))
        lines += [f"Card {number} is on file.", f"Pay with {spaced}.", f"See {spaced.replace(' ', '-')}."]
    for _ in range(4):
        a, b, c = draw.randint(100, 899), draw.randint(10, 99), draw.randint(1000, 9999)
        lines += [f"SSN {a}-{b}-{c}.", f"Social security number {a} {b} {c}.", f"ssn: {a}{b}{c}"]
    for name in ("maria.lopez", "a_b+c", "j.smith99", "info"):
        lines += [f"Write to {name}@example.com.", f"{name}@mail.example.org asked for it."]
    for _ in range(4):
        a, b, c = draw.randint(201, 799), draw.randint(200, 999), draw.randint(1000, 9999)
        lines += [f"Call her at {a}-{b}-{c}.", f"Her number is ({a}) {b}-{c}.", f"Mobile +1 {a} {b} {c}."]
    lines += [f"Account number {draw.randint(10**9, 10**10)} is hers." for _ in range(4)]
    lines += [
        "Account ending in 4471.",
        "IBAN DE89370400440532013000.",
        "Date of birth: May 3, 1971.",
        "DOB 03/05/1971.",
    ]
    lines += [
        "Born on 3 May 1971.",
        "Her balance is $8,214.77.",
        "Your current balance of $812.",
        "Mrs. Lopez asked for it.",
    ]
    return lines


def prompt_verdicts() -> list[Verdict]:
    """X08: personal data in a retrieved document never reaches the model: the call is not made."""
    brief = rag_bank.brief("high_yield_savings")
    clean = list(rag_bank.retrieved(brief))
    first = next(item for item in clean if item.kind == "rate_sheet")
    verdicts = []
    with running_server() as server:
        settings = WriterSettings(mode="ollama", host=server.host, model="harbor-test", candidates=1, retries=0)
        for line in private_lines():
            server.requests.clear()
            chunk = replace(first.chunk, text=f"{first.chunk.text} {line}")
            retrieved = [replace(item, chunk=chunk) if item is first else item for item in clean]
            writer = OllamaWriter(settings)
            kind = _fault_of(writer, brief, retrieved)
            faults = [] if kind == "personal_data" else [f"fault {kind}"]
            faults += ["a call was made"] if server.requests or writer.calls else []
            verdicts.append(Verdict(line, tuple(faults)))
        OllamaWriter(settings).write(brief, clean)
        verdicts.append(Verdict("control: a clean prompt is sent", () if len(server.requests) == 1 else ("not sent",)))
    return verdicts


def _fault_of(writer: OllamaWriter, brief, retrieved: list[Retrieved]) -> str:
    from rag.writers.base import WriterFault

    try:
        writer.write(brief, retrieved)
    except WriterFault as fault:
        return fault.kind
    return "none"


# X11


def _changed(documents: tuple[Document, ...], draw: random.Random) -> tuple[str, tuple[Document, ...]]:
    """A corpus that differs from another in one document."""
    place = draw.randrange(len(documents))
    document = documents[place]
    kind = draw.choice(("left out", "reworded", "other days", "other version", "one more"))
    rest = documents[:place] + documents[place + 1 :]
    number = draw.randint(1, 10**6)
    if kind == "left out":
        return f"{document.doc_id} left out", rest
    if kind == "one more":
        return f"one more: {number}", (
            *documents,
            bank.document(f"more_{number}", "faq", f"# More\n\nNumber {number}.\n"),
        )
    changes: dict[str, dict[str, Any]] = {
        "reworded": {"content_hash": f"{number:064x}"},
        "other days": {"valid_to": date(2027, 1, 1) + timedelta(days=number % 900), "content_hash": f"{number:064x}"},
        "other version": {"doc_version": f"v{number}"},
    }
    return f"{document.doc_id} {kind} {number}", (*rest, replace(document, **changes[kind]))


def stale_verdicts() -> list[Verdict]:
    """X11: an index of another corpus than the night's, or one too old, or loaded later: nothing is written."""
    draw = random.Random("X11")
    verdicts = []
    with Store(":memory:") as store:
        store.refresh(bank.TRUE_DOCUMENTS)
        version = store.corpus_version()
    assert version == manifest_hash(list(bank.TRUE_DOCUMENTS))
    for _ in range(45):
        name, documents = _changed(bank.TRUE_DOCUMENTS, draw)
        verdicts.append(Verdict(name, tuple(_abort_faults(documents, CorpusPin(version, bank.NIGHT)))))
    for days in (401, 402, 500, 800, 5000, -1, -2, -30):
        pin = CorpusPin(version, bank.NIGHT - timedelta(days=days))
        verdicts.append(Verdict(f"loaded {days} days before", tuple(_abort_faults(bank.TRUE_DOCUMENTS, pin))))
    for days in (0, 1, 30, 400):
        pin = CorpusPin(version, bank.NIGHT - timedelta(days=days))
        faults = _abort_faults(bank.TRUE_DOCUMENTS, pin)
        verdicts.append(Verdict(f"control: {days} days", () if faults == ["not aborted"] else ("aborted",)))
    return list({verdict.name: verdict for verdict in verdicts}.values())


def _abort_faults(documents: tuple[Document, ...], pin: CorpusPin) -> list[str]:
    writer = EmbeddedWriter()
    night = Night(bank.NIGHT, bank.SEND_DATE, documents, rag_bank_products(), "test", corpus_pin=pin)
    asked: list[str] = []

    def find(brief, _) -> list[Retrieved]:
        asked.append(brief.brief_id)
        return []

    try:
        write_templates([rag_bank.brief("high_yield_savings")], find, writer, night)
    except StaleCorpus:
        return ["something was retrieved or written"] if asked or writer.calls else []
    return ["not aborted"]


# X27

PARAPHRASES = (
    "Quay Savings earns 3.10% annual percentage yield (APY) as of {rate_as_of_date} on balances of $1,500 or more.",
    "On balances of $1,500 or more, Quay Savings earns 3.10% annual percentage yield (APY) as of {rate_as_of_date}.",
    "Earn 3.10% annual percentage yield (APY) as of {rate_as_of_date} on balances of $1,500 or more in Quay Savings.",
    "A wire fee of $18 applies to each outgoing wire.",
    "Each outgoing wire has a wire fee of $18.",
    "There is no monthly fee unless the balance falls below $1,500.",
    "Unless the balance falls below $1,500, there is no monthly fee.",
    "The wire fee is waived with direct deposit of $400 or more each month.",
    "Up to 6 transfers a month are free of charge.",
)
PLAIN_NAMES = (
    *("Ana", "José", "Anne-Marie", "O'Neill", "Mary Ann", "Zoë", "Łukasz"),
    *("Will", "Grace", "April", "Penny", "Rose", "Mark"),
)


def clean_verdicts() -> list[Verdict]:
    """X27: every brief of every product and channel of Harbor Bank, and true paraphrases sent to plain names."""
    verdicts = _harbor_verdicts()
    cases = []
    for text in PARAPHRASES:
        source = _source_of(text)
        for name in PLAIN_NAMES:
            filled = known(customer={"first_name": name}, truths=(text, f"Hi {name},"))
            cases.append(Case(f"{name}: {text}", say(text, source), **filled))
    verdicts += [Verdict(result.case.name, tuple(released_faults(result))) for result in run(cases)]
    return verdicts


def _source_of(text: str) -> str:
    marks = {"3.10%": bank.SAVINGS_LINE, "$18": bank.WIRE_LINE, "monthly fee": bank.FEE_LINE}
    marks |= {"waived": bank.WAIVED_LINE, "transfers": bank.TRANSFER_LINE}
    return next(line for mark, line in marks.items() if mark in text)


def rag_bank_products() -> tuple[dict[str, Any], ...]:
    """The live products of Harbor Bank as a night knows them."""
    rows = rag_bank.catalogue()[rag_bank.catalogue()["is_live"]].to_dict("records")
    return tuple(
        {**{str(n): v for n, v in row.items()}, "valid_to_inclusive": date.fromisoformat(row["valid_to"])}
        for row in rows
    )


def _harbor_verdicts() -> list[Verdict]:
    night = Night(date(2025, 12, 31), rag_bank.SEND_DATE, rag_bank.corpus(), rag_bank_products(), "test")
    briefs = list(rag_bank.briefs())
    batch = write_templates(briefs, lambda brief, _: list(rag_bank.retrieved(brief)), EmbeddedWriter(), night)
    names = {b.brief_id: f"{b.product_id} {b.channel} {b.intent_name} {b.intensity}" for b in briefs}
    return [
        Verdict(
            names[row.brief_id],
            (row.abstain_reason,) if row.abstain_reason else ("fallback",) if row.is_fallback else (),
        )
        for row in batch.brief_templates
    ]


CLEAN = Family("X27", "clean controls, every product and channel", "pass (at most 5 blocked)", clean_verdicts)
FAMILIES = (
    Family("X08", "personal data on its way into a prompt", "call not made", prompt_verdicts),
    Family("X11", "an index that is not the night's corpus, or too old", "abort before generation", stale_verdicts),
    CLEAN,
)
