"""``python -m rag.questions "What does a wire cost?"``: the passages that answer, or why there are none.

Reads a folder of documents (default: Harbor Bank's). Prints one JSON object: `abstained` (null or the reason),
`probability`, and `passages` with document, version, place and text. Exit code 0 = answered, 1 = abstained,
2 = the documents or the model can't be read.
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path

from rag.conflicts import without_conflicts
from rag.documents import DOCUMENTS_DIR, DocumentError, load_corpus
from rag.embeddings import EmbedderError
from rag.questions.answering import QuestionIndex


def main(arguments: list[str] | None = None) -> int:
    """Answer one question from the command line."""
    parser = argparse.ArgumentParser(prog="python -m rag.questions", description="Ask the documents a question.")
    parser.add_argument("question")
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="day it is asked on, such as 2026-01-31")
    parser.add_argument("--state", help="ISO 3166-2, such as US-NY")
    parser.add_argument("--documents", type=Path, default=DOCUMENTS_DIR, help="folder (default: Harbor Bank's)")
    parser.add_argument("--index", default=":memory:", help="file that keeps the index for the next question")
    chosen = parser.parse_args(arguments)
    try:
        documents, conflicts = without_conflicts(load_corpus(chosen.documents), chosen.date)
        index = QuestionIndex(chosen.index)
        index.refresh(documents)
        answer = index.ask(chosen.question, chosen.date, chosen.state)
    except (DocumentError, EmbedderError) as error:
        print(error, file=sys.stderr)
        return 2
    for conflict in conflicts:
        print(conflict, file=sys.stderr)
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


if __name__ == "__main__":
    sys.exit(main())
