"""``python -m rag.questions "What does a wire cost?"``: the passages that answer, or why there are none.

Reads a folder of documents (default: Harbor Bank's). Prints one JSON object: `abstained` (null or the reason),
`probability`, and `passages` with document, version, place and text. Exit code 0 = answered, 1 = abstained,
2 = the question, the documents, the index or the model can't be read.
"""

import argparse
import json
import re
import sys
from datetime import date
from pathlib import Path

import apsw

from rag.conflicts import without_conflicts
from rag.documents import DOCUMENTS_DIR, SUFFIXES, Document, DocumentError, load_corpus
from rag.embeddings import EmbedderError
from rag.questions.answering import QuestionIndex
from rag.store import StoreError

MAX_QUESTION = 2_000
"""Characters of a question; the reader reads the first few hundred words only."""


def main(arguments: list[str] | None = None) -> int:
    """Answer one question from the command line."""
    parser = argparse.ArgumentParser(prog="python -m rag.questions", description="Ask the documents a question.")
    parser.add_argument("question", type=_question)
    parser.add_argument("--date", type=_day, required=True, help="day it is asked on, such as 2026-01-31")
    parser.add_argument("--state", type=_state, help="ISO 3166-2, such as US-NY")
    parser.add_argument("--documents", type=Path, default=DOCUMENTS_DIR, help="folder (default: Harbor Bank's)")
    parser.add_argument("--index", default=":memory:", help="file that keeps the index for the next question")
    chosen = parser.parse_args(arguments)
    try:
        documents, conflicts = without_conflicts(_documents(chosen.documents), chosen.date)
        index = QuestionIndex(chosen.index)
        index.refresh(documents)
        answer = index.ask(chosen.question, chosen.date, chosen.state)
    except (DocumentError, EmbedderError, StoreError) as error:
        print(error, file=sys.stderr)
        return 2
    except apsw.Error as error:
        print(f"{chosen.index} can't be used as an index ({error}); name a new file, or leave it out.", file=sys.stderr)
        return 2
    for conflict in conflicts:
        print(conflict, file=sys.stderr)
    if index.memory is None:
        print("No question asked before is known of these documents; the reader alone decides.", file=sys.stderr)
    passages = [
        {
            "doc_id": item.doc_id,
            "doc_version": item.doc_version,
            "char_start": item.chunk.char_start,
            "char_end": item.chunk.char_end,
            "text": item.chunk.text,
        }
        for item in answer.passages
    ]
    told = {"abstained": answer.abstained, "probability": answer.probability, "passages": passages}
    print(json.dumps(told, ensure_ascii=False, indent=2))
    return 0 if answer.abstained is None else 1


def _question(words: str) -> str:
    if not words.strip():
        raise argparse.ArgumentTypeError("it is empty; ask in words")
    if len(words) > MAX_QUESTION:
        raise argparse.ArgumentTypeError(f"it has {len(words)} characters; expected at most {MAX_QUESTION}")
    return words


def _day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{words!r} is no day; expected one such as 2026-01-31") from error


def _state(words: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", words):
        raise argparse.ArgumentTypeError(f"{words!r} is no state; expected one of ISO 3166-2, such as US-NY")
    return words


def _documents(folder: Path) -> list[Document]:
    if not folder.is_dir():
        raise DocumentError(f"{folder} is no folder; name one that holds documents.")
    documents = load_corpus(folder)
    if not documents:
        raise DocumentError(f"{folder} holds no document ({', '.join(sorted(SUFFIXES))}); add some, or name another.")
    return documents


if __name__ == "__main__":
    sys.exit(main())
