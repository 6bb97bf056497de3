"""Sheets that disagree: two documents in force on one day that give the same rate or fee different values.

Belongs here: what counts as the same key, and the finding of disagreements. A sheet that disagrees with another one is
of no use to anybody: both are left out until their owner mends one of them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from rag.chunking import chunk_document
from rag.documents import Document

SHEET_KINDS = ("rate_sheet", "fee_schedule")
"""Kinds whose rows are the source of record for a rate or a fee."""
_ROW = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?([A-Z][^:|.\n]{1,80}):[ \t]+(\S.*)$", re.MULTILINE)
_APY = re.compile(
    r"(\d+(?:\.\d+)?)\s?% (?:annual percentage yield|APY)"
    r"|(?:annual percentage yield|APY) (?:of|is) (\d+(?:\.\d+)?)\s?%",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_NONE = re.compile(r"\b(?:none|no|free|waived|not charged)\b", re.IGNORECASE)
_APY_KEY = "annual percentage yield"


@dataclass(frozen=True)
class Conflict:
    """Two documents that disagree.

    Attributes
    ----------
    product_id, key : str
        What they disagree about, such as ('savings', 'annual percentage yield').
    left, right : Document
        Ordered by (doc_id, doc_version).
    left_value, right_value : str
        What each says.
    """

    product_id: str
    key: str
    left: Document
    right: Document
    left_value: str
    right_value: str

    def __str__(self) -> str:
        return (
            f"{self.left.doc_id} {self.left.doc_version} and {self.right.doc_id} {self.right.doc_version} disagree on "
            f"'{self.key}' of {self.product_id}: {self.left_value} against {self.right_value}; both are left out until "
            "one of them is mended or ends"
        )


def find_conflicts(documents: Iterable[Document], day: date) -> tuple[Conflict, ...]:
    """Find the sheets in force on a day that disagree.

    A key is a labelled row of a sheet (`Late payment fee: $20`), compared by its numbers, or the annual percentage
    yield wherever a sheet states it. Sheets are compared where they share a product and a state; a sheet with several
    values for one key (tiers) disagrees with another only if they have none in common.

    Parameters
    ----------
    documents : iterable of Document
    day : date
        Day the texts will be sent.

    Returns
    -------
    tuple of Conflict
        Ordered by product, key and documents.
    """
    sheets = sorted(
        (document for document in documents if document.kind in SHEET_KINDS and document.is_valid_on(day)),
        key=lambda document: (document.doc_id, document.doc_version),
    )
    by_product: dict[str, list[Document]] = defaultdict(list)
    for sheet in sheets:
        for product_id in sheet.product_ids:
            by_product[product_id].append(sheet)
    values = {(sheet.doc_id, sheet.doc_version): sheet_values(_sound_text(sheet)) for sheet in sheets}
    found = []
    for product_id, own in sorted(by_product.items()):
        for left, right in combinations(own, 2):
            if left.jurisdictions and right.jurisdictions and not set(left.jurisdictions) & set(right.jurisdictions):
                continue
            ours, theirs = values[(left.doc_id, left.doc_version)], values[(right.doc_id, right.doc_version)]
            rivals = ours.keys() & theirs.keys()
            if left.kind != right.kind:
                rivals = rivals - {_APY_KEY}  # rate sheets are the record of yields, whatever a fee schedule says
            for key in sorted(rivals):
                if not ours[key] & theirs[key]:
                    said = (" or ".join(sorted(ours[key])), " or ".join(sorted(theirs[key])))
                    found.append(Conflict(product_id, key, left, right, *said))
    return tuple(sorted(found, key=lambda item: (item.product_id, item.key, item.left.doc_id, item.right.doc_id)))


def without_conflicts(documents: Iterable[Document], day: date) -> tuple[list[Document], tuple[Conflict, ...]]:
    """Return the documents that may be used on a day, and the disagreements for which others are left out."""
    known = list(documents)
    conflicts = find_conflicts(known, day)
    blocked = {(item.doc_id, item.doc_version) for conflict in conflicts for item in (conflict.left, conflict.right)}
    return [item for item in known if (item.doc_id, item.doc_version) not in blocked], conflicts


def _sound_text(sheet: Document) -> str:
    """Return the passages that are not quarantined: what nobody may use disagrees with nothing."""
    return "\n".join(chunk.text for chunk in chunk_document(sheet) if chunk.finding is None)


def sheet_values(text: str) -> dict[str, frozenset[str]]:
    r"""Return the values of every key of a sheet, in a form in which equal means equal.

    Examples
    --------
    >>> sheet_values("- Late payment fee: up to $25.00\n")
    {'late payment fee': frozenset({'25'})}
    """
    found: dict[str, set[str]] = defaultdict(set)
    for label, value in _ROW.findall(text):
        numbers = [_plain(number) for number in _NUMBER.findall(value)]
        if numbers or _NONE.search(value):
            found[" ".join(label.lower().split())].add(" ".join(numbers) or "0")
    for groups in _APY.findall(text):
        found[_APY_KEY].add(_plain(groups[0] or groups[1]))
    return {key: frozenset(values) for key, values in found.items()}


def _plain(number: str) -> str:
    """Return a number without grouping and trailing zeros."""
    whole, _, part = number.replace(",", "").partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")
