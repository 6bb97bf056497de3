"""What grounding came to: the rows of `rag.template_citations`, and sentences and drafts with their faults.

Belongs here: these records. How a verdict is reached belongs to `rag.grounding`.
"""

from dataclasses import dataclass, replace
from datetime import date

from rag.claims import Claim
from rag.evidence import Evidence
from rag.writers.base import Draft, DraftCitation


@dataclass(frozen=True)
class CitationRow:
    """One row of `rag.template_citations`, without the template's id."""

    sentence_number: int
    claim_number: int
    sentence: str
    claim_type: str
    claim_value: str
    doc_id: str | None
    doc_version: str | None
    doc_valid_from: date | None
    doc_valid_to: date | None
    chunk_id: str | None
    quote: str | None
    quote_start: int | None
    quote_end: int | None
    verdict: str
    method: str


@dataclass(frozen=True)
class GroundedSentence:
    """A sentence with its claims, its rows and what is wrong with it."""

    text: str
    role: str
    citations: tuple[DraftCitation, ...]
    claims: tuple[Claim, ...]
    rows: tuple[CitationRow, ...]
    faults: tuple[str, ...]

    @property
    def is_supported(self) -> bool:
        """Whether the sentence may stand."""
        return not self.faults


@dataclass(frozen=True)
class GroundedDraft:
    """A draft after grounding: the subject line is its last sentence, of role 'subject'."""

    draft: Draft
    sentences: tuple[GroundedSentence, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """All faults, in order of the sentences."""
        return tuple(fault for sentence in self.sentences for fault in sentence.faults)

    @property
    def is_supported(self) -> bool:
        """Whether every sentence may stand, and there is one."""
        return bool(self.sentences) and not self.faults

    @property
    def rows(self) -> tuple[CitationRow, ...]:
        """All citation rows, in order."""
        return tuple(row for sentence in self.sentences for row in sentence.rows)


def citation_row(
    sentence: str,
    number: int,
    claim_number: int,
    claim_type: str,
    claim_value: str,
    item: Evidence | None,
    is_supported: bool,
    method: str,
) -> CitationRow:
    """Return the row of one claim; without evidence it cites nothing."""
    return CitationRow(
        sentence_number=number,
        claim_number=claim_number,
        sentence=sentence,
        claim_type=claim_type,
        claim_value=claim_value,
        doc_id=item.source.doc_id if item else None,
        doc_version=item.source.doc_version if item else None,
        doc_valid_from=item.source.valid_from if item else None,
        doc_valid_to=item.source.valid_to if item else None,
        chunk_id=item.citation.chunk_id if item else None,
        quote=item.citation.quote if item else None,
        quote_start=item.start if item else None,
        quote_end=item.end if item else None,
        verdict="supported" if is_supported else "unsupported",
        method=method,
    )


def as_unsupported(row: CitationRow) -> CitationRow:
    """Return the row with the verdict 'unsupported'."""
    return replace(row, verdict="unsupported")


if __name__ == "__main__":
    from rag.support.cli import main

    main()
