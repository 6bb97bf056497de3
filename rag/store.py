"""The index: passages, their vectors (sqlite-vec) and their words (FTS5) in one SQLite file.

Belongs here: everything that speaks SQL to `index.sqlite`. The file is a cache of the corpus: it can be deleted, and
is rebuilt where its layout or its embedder is another one's.

A vector is computed once per text: a passage whose indexed text stands in the index already, in whatever document or
version, keeps its vector. SQLite comes with apsw, since many Pythons are built without extension loading; loading is
disabled again at once.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import apsw
import sqlite_vec

from rag.chunking import Chunk, chunk_document
from rag.documents import Document, manifest_hash_of
from rag.embeddings import Embedder, Vectors, WordLlamaEmbedder

LAYOUT_VERSION = "2"
"""Raised when a table below changes; an index of another layout is rebuilt."""

_LAYOUT = """
create table chunk (
    id integer primary key, chunk_id text not null unique, doc_id text not null, doc_version text not null,
    kind text not null, title text not null, valid_from text not null, valid_to text,
    product_ids text not null, jurisdictions text not null, headings text not null, tags text not null,
    char_start integer not null, char_end integer not null, text text not null, text_hash text not null
);
create index chunk_text on chunk (text_hash);
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
    "headings, tags, char_start, char_end, text, text_hash"
)
MAX_NEIGHBOURS = 4096
"""sqlite-vec's own limit of k."""


class StoreError(ValueError):
    """The file is somebody else's database; the message says what to do."""


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
    """What a refresh did: passages added, removed and kept, texts embedded, and what is quarantined.

    `quarantined` holds (chunk_id, doc_id, finding).
    """

    added: int
    removed: int
    kept: int
    embedded: int
    quarantined: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Reading:
    """How documents become what is searched.

    Attributes
    ----------
    name : str
        Changes whenever the same document would be read otherwise; an index of another reading is rebuilt.
    passages : callable of Document returning list of Chunk
        The passages of a document.
    text : callable of (title, Chunk) returning str
        What is embedded and searched for words.
    """

    name: str
    passages: Callable[[Document], list[Chunk]]
    text: Callable[[str, Chunk], str]


class Store:
    """One open index file.

    Parameters
    ----------
    path : Path or str
        The file; ':memory:' for a test.
    embedder : Embedder, optional
        Default: the offline one.
    reading : Reading, optional
        Default: every passage, below its title and headings.

    Raises
    ------
    StoreError
        If the file holds tables and is no index: nothing of it is touched.
    """

    def __init__(self, path: Path | str, embedder: Embedder | None = None, reading: Reading | None = None) -> None:
        self.embedder: Embedder = embedder or WordLlamaEmbedder()
        self.reading = reading or Reading("plain", chunk_document, index_text)
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
        wanted = f"{LAYOUT_VERSION}/{self.embedder.name}/{self.embedder.dimensions}/{self.reading.name}"
        with self._connection:
            tables = {name for (name,) in self._connection.execute("select name from sqlite_master where type='table'")}
            found = ""
            if "setting" in tables:
                found = next(
                    (v for (v,) in self._connection.execute("select value from setting where name='made_by'")), ""
                )
            if found == wanted:
                return
            if tables and not found:
                raise StoreError(
                    f"{self._connection.filename} holds tables ({', '.join(sorted(tables)[:3])}) and is no index of "
                    "Wordbond's; name a new file."
                )
            for table in ("chunk_vec", "chunk_fts", "chunk", "document", "quarantine", "setting"):
                self._connection.execute(f"drop table if exists {table}")
            self._connection.execute(_LAYOUT.format(dimensions=self.embedder.dimensions))
            self._connection.execute("insert into setting values ('made_by', ?)", (wanted,))

    def refresh(self, documents: Iterable[Document]) -> RefreshReport:
        """Make the index hold exactly the passages of `documents`, in one transaction.

        Documents whose content hash stands in the index already are not cut again, and no text is embedded twice.
        Quarantined passages are reported every time, and their text is never stored.

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
        chunks = [(document, chunk) for document in new for chunk in self.reading.passages(document)]
        sound = [(document, chunk) for document, chunk in chunks if chunk.finding is None]
        texts = [self.reading.text(document.title, chunk) for document, chunk in sound]
        vectors, embedded = self._vectors_of(texts)
        with self._connection:
            removed = sum(self._remove(*key) for key in stale)
            kept = self._count("chunk")
            for document in new:
                key = (document.doc_id, document.doc_version, document.content_hash)
                self._connection.execute("insert into document values (?, ?, ?)", key)
            for (document, chunk), text in zip(sound, texts, strict=True):
                self._insert(document, chunk, text, vectors[text])
            for _, chunk in chunks:
                if chunk.finding is not None:
                    row = (chunk.chunk_id, chunk.doc_id, chunk.doc_version, chunk.finding)
                    self._connection.execute("insert into quarantine values (?, ?, ?, ?)", row)
        self._cache = None
        found = self._connection.execute("select chunk_id, doc_id, finding from quarantine order by doc_id, chunk_id")
        return RefreshReport(len(sound), removed, kept, embedded, tuple((c, d, f) for c, d, f in found))

    def _vectors_of(self, texts: list[str]) -> tuple[dict[str, bytes], int]:
        """Return a vector for each text, those that the index holds already from there, and how many are new."""
        vectors: dict[str, bytes] = {}
        for text in texts:
            if text not in vectors:
                rows = self._connection.execute(
                    "select embedding from chunk_vec where id = (select min(id) from chunk where text_hash = ?)",
                    (_hash(text),),
                )
                vectors.update((text, vector) for (vector,) in rows)
        new = [text for text in dict.fromkeys(texts) if text not in vectors]
        vectors.update((text, vector.tobytes()) for text, vector in zip(new, self.embedder.embed(new), strict=True))
        return vectors, len(new)

    def corpus_version(self) -> str:
        """Return the manifest hash of the documents in the index."""
        rows = self._connection.execute("select doc_id, doc_version, content_hash from document")
        return manifest_hash_of((doc_id, version, digest) for doc_id, version, digest in rows)

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

    def _insert(self, document: Document, chunk: Chunk, text: str, vector: bytes) -> None:
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
            _hash(text),
        )
        marks = ", ".join("?" * len(row))
        self._connection.execute(f"insert into chunk ({_COLUMNS}) values ({marks})", row)
        row_id = self._connection.last_insert_rowid()
        self._connection.execute("insert into chunk_vec (id, embedding) values (?, ?)", (row_id, vector))
        self._connection.execute("insert into chunk_fts (rowid, body) values (?, ?)", (row_id, text))

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
        return list(self.neighbours(self.embedder.embed([query]), row_ids, k))

    def neighbours(self, vector: Vectors, row_ids: list[int], k: int) -> dict[int, float]:
        """Return cosine similarities by row id, nearest first, among `row_ids` only.

        Parameters
        ----------
        vector : ndarray, (1, dimensions), float32
        row_ids : list of int
        k : int
            How many at most; sqlite-vec gives no more than `MAX_NEIGHBOURS`.
        """
        if not row_ids or k < 1:
            return {}
        rows = self._connection.execute(
            "select id, distance from chunk_vec where embedding match ? and k = ? "
            "and id in (select value from json_each(?))",
            (vector[0].tobytes(), min(k, len(row_ids), MAX_NEIGHBOURS), json.dumps(row_ids)),
        )
        found = sorted((round(distance, 6), self._place(row_id), row_id) for row_id, distance in rows)
        return {row_id: 1 - distance for distance, _, row_id in found}

    def matching(self, words: list[str], row_ids: list[int], k: int) -> list[int]:
        """Return row ids by BM25 of any of the words, best first, among `row_ids` only."""
        return list(self.word_scores(words, row_ids, k))

    def word_scores(self, words: list[str], row_ids: list[int], k: int) -> dict[int, float]:
        """Return BM25 (higher = better) of any of the words by row id, best first, among `row_ids` only."""
        if not row_ids or not words or k < 1:
            return {}
        match = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        # Filtered here: with the row ids in the query, FTS5 looks the words up once for each of them.
        wanted = set(row_ids)
        rows = self._connection.execute(
            "select rowid, bm25(chunk_fts) from chunk_fts where chunk_fts match ?", (match,)
        )
        ranked = sorted((round(score, 9), self._place(row_id), row_id) for row_id, score in rows if row_id in wanted)
        return {row_id: -score for score, _, row_id in ranked[:k]}

    def _place(self, row_id: int) -> int:
        """Return the place of a passage in the corpus's own order: the tie-breaker that no insertion order moves."""
        chunks = self.chunks()
        if self._places[0] is not chunks:
            self._places = (chunks, {indexed.row_id: n for n, indexed in enumerate(chunks)})
        return self._places[1][row_id]


def index_text(title: str, chunk: Chunk) -> str:
    """Return what is searched: the passage below its document's title and its headings."""
    return "\n".join((title, *chunk.headings, chunk.text))


def _hash(text: str) -> str:
    """Return the key a text's vector is found by."""
    return hashlib.sha256(text.encode()).hexdigest()


def _indexed_chunk(row: tuple) -> IndexedChunk:
    """Read one row of the table `chunk`."""
    row_id, chunk_id, doc_id, doc_version, kind, title, valid_from, valid_to, products, states, *rest = row
    headings, tags, start, end, text, _ = rest
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
