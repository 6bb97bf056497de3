"""A small bank for hostile tests: four products, their documents, and all that is true of them.

Everything a customer may be told is written down here as whole lines. So whether a released text is true is known
from these lines and from how a case was built; no parser of the product is asked.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from rag.documents import Document
from tests.adversarial.quay_bank import (
    CALL,
    CD_LINE,
    FEE_LINE,
    FOOTER,
    GREETING,
    NIGHT,
    NOT_INSURED_LINE,
    OPENING,
    SAVINGS_LINE,
    SEND_DATE,
    VARIABLE_LINE,
    WIRE_LINE,
    document,
)

__all__ = ["NIGHT", "SEND_DATE", "document"]

WAIVED_LINE = "The wire fee is waived with direct deposit of $400 or more each month."
TRANSFER_LINE = "Up to 6 transfers a month are free of charge."
CD_TERM_LINE = "Quay 6-Month CD has a term of 6 months, and an early withdrawal penalty of $25 applies."
LOAN_LINE = "Quay Loan has a fixed annual percentage rate (APR) of 7.45%."
DISCOUNT_LINE = "Quay Loan takes 0.25 percentage points off the rate with automatic payments."
APPROVAL_LINE = "Credit approval is required."
COVER_LINE = "Quay Renters Plan covers belongings up to $20,000."

LOAN_OPENING = "Here is a plain loan for a plan you have."
TERMS_CALL = "Rates and terms: {link}"
SUBJECT = "A note on saving"
SMS_FOOTER = "Quay Bank. Reply STOP to opt out, HELP for help."
NOT_FDIC = "Not a deposit. Not FDIC insured. Not insured by any federal government agency. Not guaranteed by the bank."
CONTACT_LINE = "Quay Bank answers at 1-800-555-0142."

FILLED: Mapping[str, str] = MappingProxyType({"first_name": "Ana", "rate_as_of_date": "March 10, 2026"})
TRUE_LINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "savings": (
            SAVINGS_LINE,
            VARIABLE_LINE,
            FEE_LINE,
            WIRE_LINE,
            WAIVED_LINE,
            TRANSFER_LINE,
            NOT_INSURED_LINE,
            "Member FDIC.",
        ),
        "cd": (CD_LINE, CD_TERM_LINE, "Member FDIC."),
        "loan": (LOAN_LINE, DISCOUNT_LINE, APPROVAL_LINE),
        "renters": (COVER_LINE, NOT_FDIC),
    }
)
COMMON_LINES = (
    *(GREETING, "Hi,", OPENING, LOAN_OPENING, CALL, TERMS_CALL, SUBJECT, FOOTER, SMS_FOOTER),
    "Minimum balance to earn the annual percentage yield: $1,500",
)


def rate_sheet(line: str = SAVINGS_LINE, **front: str) -> Document:
    """The rate sheet of Quay Savings, or one that says something else in its place."""
    return document(
        "savings_rates",
        "rate_sheet",
        "# Rates\n\n- Minimum balance to earn the annual percentage yield: $1,500\n\n"
        f"## Words | role: claim\n\n{line} {VARIABLE_LINE}\n",
        **front,
    )


def approved(text: str, name: str = "campaign", kind: str = "brand_voice", products: Sequence[str] = ()) -> Document:
    """A document whose wording somebody approved: what it says passes as text, so that only rules can stop it."""
    return document(name, kind, f"## Campaign | role: opening\n\n{text}\n", products=products)


TRUE_DOCUMENTS: tuple[Document, ...] = (
    rate_sheet(),
    document(
        "savings_fees",
        "fee_schedule",
        f"# Fees\n\n## Words | role: detail\n\n{FEE_LINE} {WIRE_LINE} {WAIVED_LINE} {TRANSFER_LINE}\n",
    ),
    document("savings_sheet", "product_sheet", f"# Quay Savings\n\n{NOT_INSURED_LINE}\n"),
    document("cd_rates", "rate_sheet", f"# Rates\n\n{CD_LINE} {CD_TERM_LINE}\n", products=("cd",)),
    document("loan_terms", "rate_sheet", f"# Terms\n\n{LOAN_LINE} {DISCOUNT_LINE} {APPROVAL_LINE}\n", ("loan",)),
    document("renters_cover", "product_sheet", f"# Cover\n\n{COVER_LINE}\n", ("renters",)),
    document(
        "voice",
        "brand_voice",
        f"## Hello | role: greeting\n\n{GREETING}\n\n## Open | role: opening\n\n{OPENING}\n\n{LOAN_OPENING}\n\n"
        f"## Call | role: call_to_action\n\n{CALL}\n\n## Terms | role: terms_link\n\n{TERMS_CALL}\n\n"
        f"## Subject | role: subject\n\n{SUBJECT}\n",
        products=(),
    ),
    document(
        "notices",
        "disclosure",
        f"## CANSPAM_FOOTER | disclosure: CANSPAM_FOOTER\n\n{FOOTER}\n\n"
        f"## SMS_FOOTER | disclosure: SMS_FOOTER\n\n{SMS_FOOTER}\n\n"
        f"## INS_5 | disclosure: INS_5\n\n{NOT_FDIC}\n\n"
        f"## BANK_CONTACTS | disclosure: BANK_CONTACTS\n\n{CONTACT_LINE}\n\n"
        "## FDIC_MEMBER | disclosure: FDIC_MEMBER\n\nMember FDIC.\n",
        products=(),
    ),
)


def with_documents(*more: Document) -> tuple[Document, ...]:
    """The true documents and others; another one of the same name takes the true one's place."""
    names = {item.doc_id for item in more}
    return (*(item for item in TRUE_DOCUMENTS if item.doc_id not in names), *more)


def product_row(product_id: str, **attributes: object) -> dict:
    """A row of the catalogue as the warehouse hands it over."""
    names = {
        "savings": "Quay Savings",
        "cd": "Quay 6-Month CD",
        "loan": "Quay Loan",
        "renters": "Quay Renters Plan",
    }
    families = {"savings": "deposit", "cd": "deposit", "loan": "loan", "renters": "insurance"}
    return {
        "product_id": product_id,
        "product_version": "v1",
        "name": names[product_id],
        "family": families[product_id],
        "channels": ["email", "sms", "push", "in_app", "mail"],
        "states": [],
        "valid_from": date(2026, 1, 1),
        "valid_to_inclusive": date(2026, 12, 31),
        "is_live": True,
        "dwelling_secured": "false",
        "rate_type": {"savings": "variable", "renters": "none"}.get(product_id, "fixed"),
        "tiered": "false",
        "stepped": "false",
        "time_account": "true" if product_id == "cd" else "false",
        "maintenance_fee": "false",
        "nondeposit": "true" if product_id == "renters" else "false",
        "hybrid": "false",
        "legal_entity": "Quay Bank",
        **attributes,
    }
