"""Writers: who turns a brief and its retrieved passages into drafts. Nothing here is trusted; proving is elsewhere."""

from rag.writers.base import Draft, DraftCitation, DraftSentence, Writer, WriterFault, WriterUnavailable
from rag.writers.choose import choose_writer
from rag.writers.settings import WriterSettings, settings_from_environment

__all__ = [
    "Draft",
    "DraftCitation",
    "DraftSentence",
    "Writer",
    "WriterFault",
    "WriterSettings",
    "WriterUnavailable",
    "choose_writer",
    "settings_from_environment",
]
