"""Rewordings and torn quotes: every number and word of these texts stands in the source, and yet they are not true.

Belongs here: what a comparison of numbers and of words as a bag can't see. A part left out, words of the line beside,
two words turned, another mood, another unit of what is counted, and limits that stand around the quoted sentence. Each
text is written next to the line it quotes, so that it is false is known by reading both. `cases_claims` and
`cases_citations` put them into their families.
"""

from collections.abc import Sequence

from rag.writers.base import DraftCitation, DraftSentence
from tests.adversarial import bank
from tests.adversarial.line import Case, Write, draft, known, passage, say
from tests.adversarial.quay_bank import cited

LEFT_OUT = (
    ("Domestic wires are free of charge.", ("Wires are free of charge.", "All your wires are free of charge.")),
    ("Wires have no copy fee, except international wires.", ("Wires have no copy fee.",)),
    ("A student pays no statement fee.", ("You pay no statement fee.", "There is no statement fee.")),
    ("Electronic statements have no fee.", ("Statements have no fee.", "Your statements have no fee.")),
    ("The address fee is waived in Albany.", ("The address fee is waived.",)),
    ("The fee for signed copies is waived by the manager.", ("The fee for signed copies is waived.",)),
    ("Deposits in dollars are FDIC insured.", ("Deposits are FDIC insured.", "Your deposits are FDIC insured.")),
    ("Joint accounts have no name fee.", ("Accounts have no name fee.", "Your account has no name fee.")),
    ("There is almost no seal fee.", ("There is no seal fee.",)),
    ("There is no coin fee, provided the coins are rolled.", ("There is no coin fee.",)),
    ("There is no further film fee beyond $2 a year.", ("There is no film fee.",)),
    ("A telegram sent before noon costs $13 as a fee.", ("A telegram costs $13 as a fee.",)),
    ("The penalty of $27 applies to the last withdrawal.", ("The penalty of $27 applies to withdrawals.",)),
    ("We do not charge members a badge fee.", ("We do not charge a badge fee.", "We do not charge you a badge fee.")),
    ("Gold members in Troy pay no lobby fee on paper copies.", ("Gold members pay no lobby fee on paper copies.",)),
    ("Incoming and outgoing drafts cost $9 and $16 as a fee.", ("Incoming and outgoing drafts cost $9 as a fee.",)),
    ("Students get a badge, and there is no bus fee.", ("There is no bus fee.",)),
    ("Show a badge, and the boat fee is waived.", ("The boat fee is waived.",)),
    ("You keep $900 in the account, and there is no train fee.", ("There is no train fee.",)),
    ("Open a loan or a plane fee of $5 applies.", ("A plane fee of $5 applies.",)),
    ("A ferry fee of $5 applies, and it ends in May.", ("A ferry fee of $5 applies.",)),
    ("There is no tram fee, terms apply.", ("There is no tram fee.",)),
    ("A bonus of $50 is paid to one in ten savers.", ("A bonus of $50 is paid to savers.", "Get a bonus of $50.")),
)
"""A line, and texts that leave out for whom, what, where or when it holds."""

BESIDE = (
    (
        "An incoming cable costs $8 and an outgoing cable costs $19 as a fee.",
        ("An incoming cable costs $19 as a fee.", "An outgoing cable costs $8.", "A cable costs $8."),
    ),
    (
        "Members pay $3 and guests pay $12 for a box as a fee.",
        ("Guests pay $3 and members pay $12 for a box as a fee.",),
    ),
    ("A rush fee of $15 applies to sealed parcels.", ("A copy fee of $15 applies to sealed parcels.",)),
    ("A copy fee of $4 applies to old contracts.", ("A copy fee of $4 applies to sealed parcels.",)),
    ("A local draft has no fee.", ("A foreign draft has no fee.",)),
    ("A foreign draft has a fee of $6.", ("A local draft has a fee of $6.",)),
    ("Teachers earn a bonus of $40.", ("Nurses earn a bonus of $40.",)),
    ("Nurses earn a bonus of $75.", ("Teachers earn a bonus of $75.",)),
)
"""A line, and texts with words of another line that is cited too."""

TURNED = (
    ("A move from savings to checking has a fee of $5.", ("A move from checking to savings has a fee of $5.",)),
    ("You pay us a cover fee of $23 for every cover.", ("We pay you a cover fee of $23 for every cover.",)),
    ("The buyer pays the seller a closing fee of $90.", ("The seller pays the buyer a closing fee of $90.",)),
    (
        "There is no gap fee unless the balance in savings falls below the balance in checking.",
        ("There is no gap fee unless the balance in checking falls below the balance in savings.",),
    ),
    ("A token fee of $3 applies with a badge and without a letter.", (
        "A token fee of $3 applies without a badge and with a letter.",)),
    ("A late fee of $2 applies before a move and after a merger.", (
        "A late fee of $2 applies after a move and before a merger.",)),
    ("Parents, not children, pay the child fee of $5.", ("Children, not parents, pay the child fee of $5.",)),
    (bank.WIRE_LINE, (
        "Each outgoing wire earns you a wire fee of $18.", "We give you a wire fee of $18 to each outgoing wire.",
        "A wire fee of $18 applies per account.", "A wire fee of $18 applies to your account.",
        "A wire fee of $18 applies to {first_name}.",
        "A wire fee of $18 applies to each outgoing wire in the app.",
        "A wire fee of $18 applies to each outgoing wire by {offer_end_date}.")),
    (bank.SAVINGS_LINE, (
        bank.SAVINGS_LINE.replace("Quay Savings earns", "Our accounts earn"),
        bank.SAVINGS_LINE.replace("or more.", "or more, more than you think."))),
)  # fmt: skip
"""A line, and texts in which the same words stand in other parts, or the number is of something else."""

MOODS = (
    ("The stamp fee was $25.", ("The stamp fee is $25.",)),
    ("The ticket fee will be $26.", ("The ticket fee is $26.",)),
    ("The key fee could be $24.", ("The key fee is $24.",)),
    ("The pin fee may be waived.", ("The pin fee is waived.",)),
    ("The tag fee used to be $22.", ("The tag fee is $22.",)),
    ("Suppose the rack fee is $21.", ("The rack fee is $21.",)),
    ("For example, the tray fee is $29.", ("The tray fee is $29.",)),
    ("We plan a lock fee of $28.", ("A lock fee of $28 applies.", "We have a lock fee of $28.")),
    ("Some say the card fee is $31.", ("The card fee is $31.",)),
    ("There may be no visit fee.", ("There is no visit fee.",)),
    ("We refuse to waive the scan fee.", ("We waive the scan fee.",)),
    ("Is the fax fee $32? It is not.", ("The fax fee is $32.",)),
    (bank.WIRE_LINE, (
        "A wire fee of $18 could apply to each outgoing wire.",
        "You may think that a wire fee of $18 applies to each outgoing wire.",
        "What if a wire fee of $18 applies to each outgoing wire?")),
)  # fmt: skip
"""A line, and texts in another mood: past, planned, possible, asked, somebody's words."""

BEHIND = (
    " You can open it online.",
    " Each account may open a wire.",
    " You may keep the wire.",
    ", and our branch will call you.",
    ": we give it to you.",
    "; we may keep your account.",
)
"""What a writer adds behind a true line, in words that every message holds."""

NUMBERS_IN_DISGUISE = (
    *(("$18", wrong) for wrong in ("$1̶8̶", "$18̷", "A$18", "CA$18", "-$18", "$18*", "$18.000", "$l8O", "'$18'", "~$18~")),
    *(("18 applies", wrong) for wrong in ("18 \"applies\"", "18 applies?!", "18 applies :-)")),
)  # fmt: skip

AROUND = (
    ("For students", "There is no meal fee.", "There is no meal fee."),
    ("Until 2025", "The meter fee is $33.", "The meter fee is $33."),
    ("Former fees", "The paint fee is $34.", "The paint fee is $34."),
    ("Business customers only", "There is no crate fee.", "There is no crate fee."),
    ("If you are under 18", "There is no toy fee.", "There is no toy fee."),
    ("What we never say", "There is no myth fee.", "There is no myth fee."),
    ("Quay Loan", "Slips of paper are free of charge.", "Slips of paper are free of charge."),
    ("Fees", "Students have:\n\n- no gym fee for you", "You have no gym fee."),
    ("Fees", "If you are under 18:\n\n- There is no park fee.", "There is no park fee."),
    ("Fees", "With a student card,\nthere is no desk fee.", "There is no desk fee."),
    ("Fees", "There is no lamp fee\nfor students.", "There is no lamp fee."),
    ("Fees", "There is no chair fee. This applies to students only.", "There is no chair fee."),
    ("Fees", "There is no table fee. However, big tables cost $4.", "There is no table fee."),
    ("Fees", "The door fee is waived. Only for students.", "The door fee is waived."),
    ("Fees", "There is no roof fee... for students.", "There is no roof fee..."),
    ("Fees", "There is no wall fee! (For students.)", "There is no wall fee!"),
    ("Fees", "Only outside the U.S. there is no yard fee.", "There is no yard fee."),
    ("Fees", "For customers of Acme Inc. there is no barn fee.", "There is no barn fee."),
    ("Fees", "For students! there is no shed fee.", "There is no shed fee."),
    ("Fees", "There is no fence fee.*\n\n\\* Students only.", "There is no fence fee."),
    ("Fees", "There is no gate fee\u2020.\n\n\u2020 Students only.", "There is no gate fee."),
    ("Fees", "There is no pole fee [1].\n\n[1] Students only.", "There is no pole fee."),
    ("Fees", "| | from April on |\n|---|---|\n| There is no shelf fee. | yes |", "There is no shelf fee."),
    ("Fees effective May 1, 2026", "There is no hook fee.", "There is no hook fee."),
    ("Fees through January 31, 2026", "There is no nail fee.", "There is no nail fee."),
    ("Words to avoid", "There is no bolt fee.", "There is no bolt fee."),
    ("At other banks", "There is no rope fee.", "There is no rope fee."),
    ("Employees", "There is no mask fee.", "There is no mask fee."),
    ("California", "There is no sand fee.", "There is no sand fee."),
    ("Pilot in Troy", "There is no seat fee.", "There is no seat fee."),
    ("Withdrawn", "There is no belt fee.", "There is no belt fee."),
    ("What does a bench cost?", "There is no fee at all.", "There is no fee at all."),
)
"""A heading, what stands below it, and a text that quotes one sentence of it."""


def _lines(*tables: Sequence[tuple[str, tuple[str, ...]]]) -> tuple:
    """One sheet with all lines, each a paragraph of its own."""
    lines = dict.fromkeys(line for table in tables for line, _ in table)
    own = [line for line in lines if line not in (bank.WIRE_LINE, bank.SAVINGS_LINE)]
    body = "# Fees\n\n## Words\n\n" + "\n\n".join(own)
    return bank.with_documents(bank.document("lines", "fee_schedule", body))


def _quoting(text: str, quotes: Sequence[str]) -> Write:
    """A writer whose one sentence cites several quotes."""

    def write(retrieved):
        citations = tuple(DraftCitation(passage(retrieved, quote).chunk.chunk_id, quote) for quote in quotes)
        beside = cited(bank.VARIABLE_LINE, passage(retrieved, bank.VARIABLE_LINE))
        return draft(retrieved, DraftSentence(text, "claim", citations), beside)

    return write


def _cases(kind: str, table: Sequence[tuple[str, tuple[str, ...]]]) -> list[Case]:
    more = known(documents=_lines(table), reason="unsupported")
    return [
        Case(f"{kind}: {text} <- {line[:30]}", say(text, line), forbidden=(text,), **more)
        for line, texts in table
        for text in texts
    ]


def left_out_cases() -> list[Case]:
    """A part of the source left out, and limits around the quote left out."""
    cases = _cases("left out", LEFT_OUT)
    body = "\n\n".join(f"## {heading}\n\n{below}" for heading, below, _ in AROUND)
    documents = bank.with_documents(bank.document("around", "fee_schedule", body, products=("savings", "loan")))
    for heading, below, text in AROUND:
        stem = text.rstrip(".!")
        quote = next((part for part in (stem, stem[0].lower() + stem[1:]) if part in below), "no gym fee for you")
        name = f"limit around it: {heading}, {text}"
        cases.append(Case(name, say(text, quote), documents, forbidden=(text,), reason="unsupported"))
    return cases


def beside_cases() -> list[Case]:
    """Words of another line that is cited too."""
    documents = _lines(BESIDE)
    everything = [line for line, _ in BESIDE]
    return [
        Case(f"beside: {text}", _quoting(text, everything), documents, forbidden=(text,), reason="unsupported")
        for _, texts in BESIDE
        for text in texts
    ]


def turned_cases() -> list[Case]:
    """The same words in other parts, or in another mood."""
    return _cases("turned", TURNED) + _cases("mood", MOODS)


def added_cases() -> list[Case]:
    """Something said behind a true line."""
    texts = [bank.WIRE_LINE.removesuffix(".") + ("." if tail[0] == " " else "") + tail for tail in BEHIND]
    return [
        Case(f"behind: {text}", say(text, bank.WIRE_LINE), forbidden=(text,), reason="unsupported") for text in texts
    ]


def disguised_cases() -> list[Case]:
    """The right digits, with a sign that changes what they say."""
    texts = [bank.WIRE_LINE.replace(right, wrong) for right, wrong in NUMBERS_IN_DISGUISE]
    return [
        Case(f"disguised: {text}", say(text, bank.WIRE_LINE), forbidden=(text,), reason="unsupported") for text in texts
    ]


def behind_another_cases() -> list[Case]:
    """X14: true lines of the own product, said behind the name of another one."""
    openings = ("Think of Quay Loan.", "You may also like Quay Renters Plan.")
    body = "".join(f"## Open | role: opening\n\n{opening}\n\n" for opening in openings)
    documents = bank.with_documents(bank.document("others", "brand_voice", body, products=()))
    lines = {
        bank.FEE_LINE: "It has no monthly fee unless the balance falls below $1,500.",
        bank.WIRE_LINE: bank.WIRE_LINE,
    }

    def write_behind(opening: str, line: str, text: str) -> Write:
        def write(retrieved):
            first = cited(opening, passage(retrieved, opening), role="opening")
            return draft(retrieved, first, cited(text, passage(retrieved, line), line))

        return write

    return [
        Case(
            f"behind: {opening} {text}",
            write_behind(opening, line, text),
            documents,
            truths=openings,
            reason="behind_another_product",
        )
        for opening in openings
        for line, text in lines.items()
    ]
