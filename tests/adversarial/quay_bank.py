"""A small bank for hostile tests: two products, six documents, one customer, and a writer that does as it is told.

Everything true of it is written down here, so what must happen to a text is known from how the text was made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import pandas as pd

from rag.briefs import Brief, briefs_of, enumerate_briefs
from rag.documents import Document, parse_document
from rag.release import ReleaseInputs, render_messages
from rag.retrieval import Retrieved, retrieve
from rag.store import Store
from rag.template_types import Night, TemplateBatch, WritingSettings
from rag.templates import write_templates
from rag.writers.base import Draft, DraftCitation, DraftSentence

NIGHT = date(2026, 3, 9)
SEND_DATE = date(2026, 3, 10)

SAVINGS_LINE = (
    "Quay Savings earns 3.10% annual percentage yield (APY) as of {rate_as_of_date} on balances of $1,500 or more."
)
VARIABLE_LINE = "The rate may change after the account is opened."
FEE_LINE = "There is no monthly fee unless the balance falls below $1,500."
WIRE_LINE = "A wire fee of $18 applies to each outgoing wire."
CD_LINE = "Quay 6-Month CD earns 4.01% annual percentage yield (APY) as of {rate_as_of_date}."
NOT_INSURED_LINE = "Quay Savings is not insured against loss of your card."
OPENING = "Here is a quiet place for your savings."
GREETING = "Hi {first_name},"
CALL = "Have a look: {link}"
FOOTER = (
    "This is an advertisement from Quay Bank, 7 Harbor Street, Albany, NY 12207. To stop receiving marketing e-mail, "
    "unsubscribe here: https://harborbank.example/unsubscribe"
)


def document(
    name: str,
    kind: str,
    body: str,
    products: Sequence[str] = ("savings",),
    valid_from: str = "2026-01-01",
    valid_to: str = "",
    version: str = "1",
    states: Sequence[str] = (),
    title: str = "",
) -> Document:
    """Parse a document with its front matter, as the loader does."""
    front = (
        f"doc_id: {name}\ntitle: {title or name}\nkind: {kind}\nproduct_ids: [{', '.join(products)}]\n"
        f"jurisdictions: [{', '.join(states)}]\n"
        f"valid_from: {valid_from}\nvalid_to: {valid_to}\nversion: '{version}'\n"
    )
    return parse_document(f"---\n{front}---\n\n{body}\n".encode(), f"{name}.md")


def true_documents() -> list[Document]:
    """What Quay Bank holds to be true."""
    return [
        document(
            "savings_rates",
            "rate_sheet",
            "# Rates\n\n- Minimum balance to earn the annual percentage yield: $1,500\n\n"
            f"## Words | role: claim\n\n{SAVINGS_LINE} {VARIABLE_LINE}\n",
        ),
        document("savings_fees", "fee_schedule", f"# Fees\n\n## Words | role: detail\n\n{FEE_LINE} {WIRE_LINE}\n"),
        document("savings_sheet", "product_sheet", f"# Quay Savings\n\n{NOT_INSURED_LINE}\n"),
        document("cd_rates", "rate_sheet", f"# Rates\n\n{CD_LINE}\n", products=("cd",)),
        document(
            "voice",
            "brand_voice",
            f"## Hello | role: greeting\n\n{GREETING}\n\n## Open | role: opening\n\n{OPENING}\n\n"
            f"## Call | role: call_to_action\n\n{CALL}\n\n## Subject | role: subject\n\nA note on saving\n",
            products=(),
        ),
        document(
            "notices",
            "disclosure",
            f"## CANSPAM_FOOTER | disclosure: CANSPAM_FOOTER\n\n{FOOTER}\n\n"
            "## FDIC_MEMBER | disclosure: FDIC_MEMBER\n\nMember FDIC.\n",
            products=(),
        ),
    ]


def _product(product_id: str, name: str, **attributes: str) -> dict:
    return {
        "product_id": product_id,
        "product_version": "v1",
        "name": name,
        "family": "deposit",
        "channels": ["email"],
        "states": [],
        "valid_from": date(2026, 1, 1),
        "valid_to_inclusive": date(2026, 12, 31),
        "is_live": True,
        "dwelling_secured": "false",
        "rate_type": "variable",
        "tiered": "false",
        "stepped": "false",
        "time_account": "false",
        "maintenance_fee": "false",
        "nondeposit": "false",
        "hybrid": "false",
        "legal_entity": "Quay Bank",
        **attributes,
    }


CATALOGUE = pd.DataFrame(
    [_product("savings", "Quay Savings"), _product("cd", "Quay 6-Month CD", rate_type="fixed", time_account="true")]
)


class HostileWriter:
    """Says what a test tells it to say."""

    name = "ollama"
    model_digest = "hostile"

    def __init__(self, make: Callable[[Brief, list[Retrieved]], list[Draft]]) -> None:
        self.calls = 0
        self._make = make

    def write(self, brief: Brief, retrieved: list[Retrieved]) -> list[Draft]:
        """Return the drafts of the test."""
        self.calls += 1
        return self._make(brief, retrieved)


@dataclass(frozen=True)
class Outcome:
    """What became of a brief: its row, the template that served it, and the message."""

    batch: TemplateBatch
    message: dict
    checks: pd.DataFrame

    @property
    def reason(self) -> str | None:
        """Why no written template serves."""
        return self.batch.brief_templates[0].abstain_reason

    @property
    def released_text(self) -> str:
        """Everything the customer would read."""
        if self.message["status"] != "released":
            return ""
        return f"{self.message['subject']}\n{self.message['body']}"


def cited(text: str, item: Retrieved, quote: str | None = None, role: str = "claim") -> DraftSentence:
    """A sentence that cites a passage."""
    return DraftSentence(text, role, (DraftCitation(item.chunk.chunk_id, text if quote is None else quote),))


def passage(retrieved: Sequence[Retrieved], holding: str) -> Retrieved:
    """The passage that holds some words."""
    return next(item for item in retrieved if holding in item.chunk.text)


def draft(retrieved: Sequence[Retrieved], *claims: DraftSentence) -> Draft:
    """An e-mail around some sentences."""
    subject = passage(retrieved, "A note on saving")
    return Draft(
        "A note on saving",
        (
            cited(GREETING, passage(retrieved, GREETING), role="greeting"),
            cited(OPENING, passage(retrieved, OPENING), role="opening"),
            *claims,
            cited(CALL, passage(retrieved, CALL), role="call_to_action"),
        ),
        (DraftCitation(subject.chunk.chunk_id, "A note on saving"),),
    )


@cache
def _index(documents: tuple[Document, ...]) -> Store:
    """Build the index of some documents, once."""
    store = Store(":memory:")
    store.refresh(documents)
    return store


def run(
    make: Callable[[Brief, list[Retrieved]], list[Draft]],
    documents: Sequence[Document] | None = None,
    add_to_retrieved: Callable[[Brief], list[Retrieved]] | None = None,
    send_at: datetime = datetime(2026, 3, 10, 15, 0, tzinfo=UTC),
) -> Outcome:
    """Go the whole way for one brief of Quay Savings by e-mail: documents, index, writer, proof, release."""
    documents = list(true_documents() if documents is None else documents)
    brief = briefs_of(enumerate_briefs(CATALOGUE), CATALOGUE)
    brief = [item for item in brief if (item.product_id, item.intent, item.intensity) == ("savings", 1, "medium")]
    night = Night(
        as_of_date=NIGHT,
        send_date=SEND_DATE,
        documents=tuple(documents),
        products=tuple({str(name): value for name, value in row.items()} for row in CATALOGUE.to_dict("records")),
        prompt_version="test",
        settings=WritingSettings(bank_names=("Quay Bank",)),
    )
    store = _index(tuple(documents))

    def find(item: Brief, day: date) -> list[Retrieved]:
        return retrieve(store, item, day) + (add_to_retrieved(item) if add_to_retrieved else [])

    batch = write_templates(brief, find, HostileWriter(make), night)
    messages, checks = render_messages(_inputs(brief[0], batch, send_at))
    return Outcome(batch, messages.iloc[0].to_dict(), checks)


def _inputs(brief: Brief, batch: TemplateBatch, send_at: datetime) -> ReleaseInputs:
    served = batch.brief_templates[0]
    return ReleaseInputs(
        decisions=pd.DataFrame(
            [
                {
                    "decision_id": "d1",
                    "customer_id": "c1",
                    "product_id": brief.product_id,
                    "product_version": brief.product_version,
                    "channel": brief.channel,
                    "intent": brief.intent,
                    "intensity": brief.intensity,
                    "send_at": send_at,
                    "timezone": "America/New_York",
                }
            ],
            dtype=object,
        ),
        briefs=enumerate_briefs(CATALOGUE),
        brief_templates=pd.DataFrame(
            [{"brief_id": brief.brief_id, "template_id": served.template_id, "abstain_reason": served.abstain_reason}],
            dtype=object,
        ),
        templates=batch.in_use,
        statuses=batch.statuses,
        customers=pd.DataFrame(
            [
                {
                    "customer_id": "c1",
                    "first_name": "Ana",
                    "state": "US-NY",
                    "held_product_ids": [],
                    "zones": ["America/New_York"],
                    "is_zone_known": True,
                    "opens_at": None,
                    "closes_at": None,
                }
            ],
            dtype=object,
        ),
        products=CATALOGUE,
        consents=pd.DataFrame(
            [{"customer_id": "c1", "channel": "email", "status": "granted", "evidence_text": "I agree."}], dtype=object
        ),
        suppressions=pd.DataFrame(columns=["customer_id", "channel", "reason"], dtype=object),
        as_of_date=NIGHT,
    )
