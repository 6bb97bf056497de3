"""Rules about the records a message must leave: D-02, D-03, D-05 and D-07.

Belongs here: whether what an auditor needs is there for one message. That it is kept, and for how long, is the
warehouse's work.
"""

from collections.abc import Callable, Mapping

from rag.compliance.message_file import MessageFile
from rag.compliance.model import BLOCK, PASS, Finding


def message_record(file: MessageFile) -> Finding:
    """D-02: template, prompt and model of the text are on record."""
    return _all_given(file.run, ("model_digest",), "run")


def citation_records(file: MessageFile) -> Finding:
    """D-03: every citation names its document, version, first day and content hash or version."""
    for number, item in enumerate(file.citations, 1):
        if not (item.doc_id and item.valid_from and item.kind and (item.doc_version or item.content_hash)):
            return Finding(
                BLOCK,
                f"citations[{number}] needs doc_id, kind, valid_from and doc_version or content_hash; found "
                f"{item.doc_id!r}, {item.kind!r}, {item.valid_from}, {item.doc_version or item.content_hash!r}",
            )
    numeric = [claim for claim in file.message.claims if claim.is_numeric and claim.claim_type != "date"]
    if numeric and not file.citations:
        return Finding(BLOCK, f"{len(numeric)} typed claims and no citation on record")
    return Finding(PASS, f"{len(file.citations)} citations with document, version and validity")


def consent_record(file: MessageFile) -> Finding:
    """D-05: the consent in force is on record with its wording."""
    consents = file.customer.get("consents")
    record = consents.get(file.message.channel) if isinstance(consents, Mapping) else None
    if isinstance(record, Mapping) and record.get("evidence_text"):
        return Finding(PASS, f"consent for {file.message.channel} with its wording")
    return Finding(BLOCK, f"needs customer.consents.{file.message.channel}.evidence_text, the wording agreed to")


def corpus_record(file: MessageFile) -> Finding:
    """D-07: the version of the corpus the text was grounded in is on record."""
    return _all_given(file.run, ("corpus_version",), "run")


def _all_given(data: Mapping[str, object], names: tuple[str, ...], place: str) -> Finding:
    missing = [name for name in names if not data.get(name)]
    if missing:
        return Finding(BLOCK, f"needs {', '.join(f'{place}.{name}' for name in missing)}, which is not given")
    return Finding(PASS, ", ".join(f"{name} {data[name]}" for name in names))


FUNCTIONS: dict[str, Callable[[MessageFile], Finding]] = {
    "D-02": message_record,
    "D-03": citation_records,
    "D-05": consent_record,
    "D-07": corpus_record,
}
