"""What every writer takes and gives: the draft, the protocol, the named faults, the lengths of a channel.

A draft is a proposal. It carries, for each sentence, the passages it relies on and the words it relies on in them;
whether that is true is decided by `rag.grounding` and `rag.compliance`, never by a writer.
"""

from dataclasses import dataclass
from typing import Protocol

from rag.briefs import MAX_CHARACTERS, SLOTS, Brief
from rag.retrieval import Retrieved

__all__ = [
    "FAULT_KINDS",
    "MAX_CHARACTERS",
    "ROLES",
    "SLOTS",
    "Draft",
    "DraftCitation",
    "DraftSentence",
    "Writer",
    "WriterFault",
    "WriterUnavailable",
    "render_body",
]

ROLES = ("greeting", "opening", "claim", "benefit", "closing", "call_to_action", "sign_off", "disclosure")
FAULT_KINDS = (
    "refused",
    "timeout",
    "missing_model",
    "malformed_json",
    "died_midway",
    "server_error",
    "empty",
    "cannot_answer",
    "no_material",
    "personal_data",
)


@dataclass(frozen=True)
class DraftCitation:
    """The words a sentence relies on: `quote` is claimed to stand verbatim in the passage `chunk_id`."""

    chunk_id: str
    quote: str


@dataclass(frozen=True)
class DraftSentence:
    """One sentence with its part in the text (one of `ROLES`) and its citations."""

    text: str
    role: str
    citations: tuple[DraftCitation, ...] = ()


@dataclass(frozen=True)
class Draft:
    """One proposed text for a brief.

    Attributes
    ----------
    subject : str or None
        Subject line; None where the channel has none.
    sentences : tuple of DraftSentence
        In reading order. `render_body` lays them out.
    subject_citations : tuple of DraftCitation
        What the subject relies on.
    writer, model_digest : str
        Who wrote it: under 'auto' a brief that Ollama could not write is written by the embedded writer.
    """

    subject: str | None
    sentences: tuple[DraftSentence, ...]
    subject_citations: tuple[DraftCitation, ...] = ()
    writer: str = ""
    model_digest: str = ""


class WriterFault(RuntimeError):
    """A brief could not be written; the night goes on without it.

    Attributes
    ----------
    kind : str
        One of `FAULT_KINDS`.
    """

    def __init__(self, kind: str, message: str) -> None:
        if kind not in FAULT_KINDS:
            raise ValueError(f"fault kind {kind!r}; expected one of {', '.join(FAULT_KINDS)}")
        super().__init__(message)
        self.kind = kind


class WriterUnavailable(RuntimeError):
    """The writer that was asked for can't work at all; the night must not start."""


class Writer(Protocol):
    """Turns a brief and its passages into candidate drafts.

    Attributes
    ----------
    name : str
        'ollama' or 'embedded'.
    model_digest : str
        Digest of the language model; of the embedded writer its version.
    calls : int
        Calls made so far (embedded drafts count as calls).
    """

    name: str
    model_digest: str
    calls: int

    def write(self, brief: Brief, retrieved: list[Retrieved]) -> list[Draft]:
        """Write candidates, best guess first.

        Raises
        ------
        WriterFault
            If no candidate could be had.
        """
        ...


_PARAGRAPHS = (
    ("greeting",),
    ("opening",),
    ("claim",),
    ("closing",),
    ("call_to_action",),
    ("sign_off",),
    ("disclosure",),
)


def _paragraph(role: str, last: int) -> int:
    """Return the paragraph a sentence stands in: a benefit goes with the opening, or with the closing after terms."""
    if role == "benefit":
        return 1 if last <= 1 else 3
    return next((number for number, roles in enumerate(_PARAGRAPHS) if role in roles), 2)


def render_body(sentences: tuple[DraftSentence, ...], channel: str) -> str:
    """Lay sentences out as the text of a channel: paragraphs by role in e-mail and mail, one line elsewhere.

    Parameters
    ----------
    sentences : tuple of DraftSentence
        In reading order; the order is kept.
    channel : str
        One of `rag.briefs.CHANNELS`.

    Returns
    -------
    str
        The text, slots unfilled.
    """
    if channel not in ("email", "mail"):
        return " ".join(sentence.text for sentence in sentences)
    body, last = "", -1
    for sentence in sentences:
        paragraph = _paragraph(sentence.role, last)
        body += ("" if not body else " " if paragraph == last else "\n\n") + sentence.text
        last = paragraph
    return body
