"""Writers: who turns a brief and its retrieved passages into drafts. Nothing here is trusted; proving is elsewhere."""

from rag.writers.base import Draft, DraftCitation, DraftSentence, Writer, WriterFault, WriterUnavailable

__all__ = ["Draft", "DraftCitation", "DraftSentence", "Writer", "WriterFault", "WriterUnavailable"]
