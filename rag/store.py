"""The index: passages, their vectors (sqlite-vec) and their words (FTS5) in one SQLite file.

Belongs here: everything that speaks SQL to `index.sqlite`. The file is a cache of the corpus: it can be deleted, and
is rebuilt where its layout or its embedder is another one's.

SQLite comes with apsw, since many Pythons are built without extension loading; loading is disabled again at once.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import apsw
import sqlite_vec

from rag.chunking import Chunk, chunk_document
from rag.documents import Document
from rag.embeddings import Embedder, WordLlamaEmbedder

LAYOUT_VERSION = "1"
"""Raised when a table below changes; an index of another layout is rebuilt."""

_LAYOUT = """
create table chunk (
    id integer primary key, chunk_id text not null unique, doc_id text not null, doc_version text not null,
    kind text not null, title text not null, valid_from text not null, valid_to text,
    product_ids text not null, jurisdictions text not null, headings text not null, tags text not null,
    char_start integer not null, char_end integer not null, text text not null
);
create index chunk_document on chunk (doc_id, doc_version);
create table document (
    doc_id text not null, doc_version text not null, content_hash text not null, primary key (doc_id, doc_version)
);
create table quarantine (
    chunk_id text primary key, doc_id text not null, doc_version text not null, finding text not null
);
create virtual table chunk_vec using vec0(id integer primary key, embedding float[{dimensions}] distance_metric=cosine);
create virtual table chunk_fts using fts5(body, tokenize='porter unicode61');
create table setting (name text primary key, value text not null);
"""
_COLUMNS = (
    "chunk_id, doc_id, doc_version, kind, title, valid_from, valid_to, product_ids, jurisdictions, "
    "headings, tags, char_start, char_end, text"
)
MAX_NEIGHBOURS = 4096
"""sqlite-vec's own limit of k."""


@dataclass(frozen=True)
class IndexedChunk:
    """A passage as the index holds it, with what is known of its document."""

    row_id: int
    chunk: Chunk
    kind: str
    title: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did: passages added, removed and kept, and those quarantined as (chunk_id, doc_id, finding)."""

    added: int
    removed: int
    kept: int
    quarantined: tuple[tuple[str, str, str], ...]


class Store:
    """One open index file.

    Parameters
    ----------
    path : Path or str
        The file; ':memory:' for a test.
    embedder : Embedder, optional
        Default: the offline one.
    """

    def __init__(self, path: Path | str, embedder: Embedder | None = None) -> None:
        self.embedder: Embedder = embedder or WordLlamaEmbedder()
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(5_000)
        self._connection.enable_load_extension(True)
        self._connection.load_extension(sqlite_vec.loadable_path())
        self._connection.enable_load_extension(False)
        self._prepare()
        self._cache: list[IndexedChunk] | None = None
        self._places: tuple[list[IndexedChunk], dict[int, int]] = ([], {})

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self) -> None:
        """Create the tables, or drop and create them where the file was made by another layout or embedder."""
        wanted = f"{LAYOUT_VERSION}/{self.embedder.name}/{self.embedder.dimensions}"
        with self._connection:
            tables = {name for (name,) in self._connection.execute("select name from sqlite_master where type='table'")}
            found = ""
            if "setting" in tables:
                found = next(
                    (v for (v,) in self._connection.execute("select value from setting where name='made_by'")), ""
                )
            if found == wanted:
                return
            for table in ("chunk_vec", "chunk_fts", "chunk", "document", "quarantine", "setting"):
                self._connection.execute(f"drop table if exists {table}")
            self._connection.execute(_LAYOUT.format(dimensions=self.embedder.dimensions))
            self._connection.execute("insert into setting values ('made_by', ?)", (wanted,))

    def refresh(self, documents: Iterable[Document]) -> RefreshReport:
        """Make the index hold exactly the passages of `documents`, in one transaction.

        Documents whose content hash stands in the index already are neither cut nor embedded again. Quarantined
        passages are reported every time, and their text is never stored.

        Parameters
        ----------
        documents : iterable of Document
            Every version known; validity is a filter of the search, not of the index.

        Returns
        -------
        RefreshReport
        """
        wanted = {(doc.doc_id, doc.doc_version): doc for doc in documents}
        held = {
            (d, v): h for d, v, h in self._connection.execute("select doc_id, doc_version, content_hash from document")
        }
        stale = sorted(key for key, known in held.items() if key not in wanted or wanted[key].content_hash != known)
        new = [wanted[key] for key in sorted(wanted) if held.get(key) != wanted[key].content_hash]
        chunks = [(document, chunk) for document in new for chunk in chunk_document(document)]
        sound = [(document, chunk) for document, chunk in chunks if chunk.finding is None]
        vectors = self.embedder.embed([index_text(document.title, chunk) for document, chunk in sound])
        with self._connection:
            removed = sum(self._remove(*key) for key in stale)
            kept = self._count("chunk")
            for document in new:
                key = (document.doc_id, document.doc_version, document.content_hash)
                self._connection.execute("insert into document values (?, ?, ?)", key)
            for (document, chunk), vector in zip(sound, vectors, strict=True):
                self._insert(document, chunk, vector.tobytes())
            for _, chunk in chunks:
                if chunk.finding is not None:
                    row = (chunk.chunk_id, chunk.doc_id, chunk.doc_version, chunk.finding)
                    self._connection.execute("insert into quarantine values (?, ?, ?, ?)", row)
        self._cache = None
        found = self._connection.execute("select chunk_id, doc_id, finding from quarantine order by doc_id, chunk_id")
        return RefreshReport(len(sound), removed, kept, tuple((c, d, f) for c, d, f in found))

    def _count(self, table: str) -> int:
        """Count the rows of a table."""
        return next(iter(self._connection.execute(f"select count(*) from {table}")))[0]

    def _remove(self, doc_id: str, doc_version: str) -> int:
        """Delete one document from every table, inside the caller's transaction; return its passages."""
        where = "where doc_id = ? and doc_version = ?"
        key = (doc_id, doc_version)
        row_ids = [row_id for (row_id,) in self._connection.execute(f"select id from chunk {where}", key)]
        for row_id in row_ids:
            self._connection.execute("delete from chunk_vec where id = ?", (row_id,))
            self._connection.execute("delete from chunk_fts where rowid = ?", (row_id,))
        for table in ("chunk", "quarantine", "document"):
            self._connection.execute(f"delete from {table} {where}", key)
        return len(row_ids)

    def _insert(self, document: Document, chunk: Chunk, vector: bytes) -> None:
        """Add one passage to all three tables; inside the caller's transaction."""
        row = (
            chunk.chunk_id,
            chunk.doc_id,
            chunk.doc_version,
            document.kind,
            document.title,
            document.valid_from.isoformat(),
            document.valid_to.isoformat() if document.valid_to else None,
            *(json.dumps(value, ensure_ascii=False) for value in (chunk.product_ids, chunk.jurisdictions)),
            *(json.dumps(value, ensure_ascii=False) for value in (chunk.headings, chunk.tags)),
            chunk.char_start,
            chunk.char_end,
            chunk.text,
        )
        marks = ", ".join("?" * len(row))
        self._connection.execute(f"insert into chunk ({_COLUMNS}) values ({marks})", row)
        row_id = self._connection.last_insert_rowid()
        self._connection.execute("insert into chunk_vec (id, embedding) values (?, ?)", (row_id, vector))
        body = index_text(document.title, chunk)
        self._connection.execute("insert into chunk_fts (rowid, body) values (?, ?)", (row_id, body))

    def chunks(self) -> list[IndexedChunk]:
        """Return every passage, ordered by (doc_id, doc_version, char_start)."""
        if self._cache is None:
            rows = self._connection.execute(
                f"select id, {_COLUMNS} from chunk order by doc_id, doc_version, char_start, chunk_id"
            )
            self._cache = [_indexed_chunk(row) for row in rows]
        return self._cache

    def nearest(self, query: str, row_ids: list[int], k: int) -> list[int]:
        """Return row ids by cosine distance to the query, nearest first, among `row_ids` only."""
        if not row_ids or k < 1:
            return []
        vector = self.embedder.embed([query])[0]
        rows = self._connection.execute(
            "select id, distance from chunk_vec where embedding match ? and k = ? "
            "and id in (select value from json_each(?))",
            (vector.tobytes(), min(k, len(row_ids), MAX_NEIGHBOURS), json.dumps(row_ids)),
        )
        by_id = {row_id: round(distance, 6) for row_id, distance in rows}
        return [row_id for row_id, _ in sorted(by_id.items(), key=lambda item: (item[1], self._place(item[0])))]

    def matching(self, words: list[str], row_ids: list[int], k: int) -> list[int]:
        """Return row ids by BM25 of any of the words, best first, among `row_ids` only."""
        if not row_ids or not words or k < 1:
            return []
        match = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        rows = self._connection.execute(
            "select rowid, bm25(chunk_fts) from chunk_fts where chunk_fts match ? "
            "and rowid in (select value from json_each(?))",
            (match, json.dumps(row_ids)),
        )
        ranked = sorted(((round(score, 9), self._place(row_id), row_id) for row_id, score in rows))
        return [row_id for _, _, row_id in ranked[:k]]

    def _place(self, row_id: int) -> int:
        """Return the place of a passage in the corpus's own order: the tie-breaker that no insertion order moves."""
        chunks = self.chunks()
        if self._places[0] is not chunks:
            self._places = (chunks, {indexed.row_id: n for n, indexed in enumerate(chunks)})
        return self._places[1][row_id]


def index_text(title: str, chunk: Chunk) -> str:
    """Return what is searched: the passage below its document's title and its headings."""
    return "\n".join((title, *chunk.headings, chunk.text))


def _indexed_chunk(row: tuple) -> IndexedChunk:
    """Read one row of the table `chunk`."""
    row_id, chunk_id, doc_id, doc_version, kind, title, valid_from, valid_to, products, states, *rest = row
    headings, tags, start, end, text = rest
    chunk = Chunk(
        chunk_id=chunk_id,
        doc_id=doc_id,
        doc_version=doc_version,
        text=text,
        char_start=start,
        char_end=end,
        product_ids=tuple(json.loads(products)),
        jurisdictions=tuple(json.loads(states)),
        headings=tuple(json.loads(headings)),
        tags=tuple((name, tuple(values)) for name, values in json.loads(tags)),
    )
    last = date.fromisoformat(valid_to) if valid_to else None
    return IndexedChunk(row_id, chunk, kind, title, date.fromisoformat(valid_from), last)
