"""Search over long legal text: the version in force is found, a stale one never."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from rag.chunking import chunk_document
from rag.retrieval import Filters, search
from rag.store import Store
from tests.benchmarks.regulations import QUESTIONS, regulation_documents, stale_citations

DATA = os.environ.get("WORDBOND_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="WORDBOND_REAL_DATA is not set: the regulations are not at hand")


def test_a_stale_version_is_never_found_and_the_one_in_force_is():
    documents = regulation_documents(Path(str(DATA)) / "regulations")
    ended = [(document, document.valid_to) for document in documents if document.valid_to][:12]
    names = {document.doc_id for document, _ in ended}
    sample = [document for document in documents if document.doc_id in names]
    assert len(ended) == 12 and len(sample) >= 24
    with Store(":memory:") as store:
        store.refresh(sample)
        days = sorted({day for _, last in ended for day in (last, last + timedelta(days=1))})
        assert stale_citations(store, sample, days) == 0
        for old, last in ended[:4]:
            found = search(store, f"{old.title} {QUESTIONS[0]}", Filters(last + timedelta(days=1)), k=50)
            versions = {item.doc_version for item in found if item.doc_id == old.doc_id}
            assert versions and old.doc_version not in versions


def test_every_passage_of_a_section_stands_at_its_offsets():
    documents = regulation_documents(Path(str(DATA)) / "regulations")
    assert len(documents) == 657
    for document in documents[::40]:
        for chunk in chunk_document(document):
            assert document.text[chunk.char_start : chunk.char_end] == chunk.text
