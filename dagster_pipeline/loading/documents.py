"""Documents of a folder, parsed one by one; an unreadable one becomes a reject by name.

What belongs here: finding the files and turning parsed documents into rows. The format of a document belongs to
``rag.documents``.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from dagster_pipeline.loading.errors import InputError, printable
from dagster_pipeline.loading.reader import check_inside

DEFAULT_PREFIX = "default:"


@dataclass(frozen=True)
class LoadedDocuments:
    """Rows of raw.documents (without the night), rejects, and the files in order."""

    files: list[str] = field(default_factory=list)
    rows: list[tuple] = field(default_factory=list)
    rejects: list[tuple] = field(default_factory=list)


def read_documents(folder: Path, root: Path) -> LoadedDocuments:
    """Parse every file below ``folder/documents``; a sidecar ``<file name>.yml`` belongs to its document.

    Parameters
    ----------
    folder : Path
        The input folder, or a night's folder in it.
    root : Path
        The input folder, which no link may leave and names are relative to.

    Raises
    ------
    InputError
        If a link leads out of the folder.
    """
    base = folder / "documents"
    if not base.exists() and not base.is_symlink():
        return LoadedDocuments()
    check_inside(base, root)
    if not base.is_dir():
        raise InputError(
            f"{base.relative_to(root)} is no folder; expected a folder of Markdown, text, HTML or PDF documents."
        )
    paths = []
    for path in sorted(base.rglob("*")):
        check_inside(path, root)
        if path.is_file() and not path.name.startswith(".") and not _is_sidecar(path):
            paths.append((path, path.relative_to(root).as_posix()))
    return _parse(paths)


def check_document_share(loaded: LoadedDocuments, max_reject_share: float) -> None:
    """Refuse a folder of documents of which more than the admitted share can't be read.

    Raises
    ------
    InputError
        Naming the first of them.
    """
    if len(loaded.rejects) > max_reject_share * len(loaded.files):
        file, _, _, _, _, message = loaded.rejects[0]
        raise InputError(
            f"documents: {len(loaded.rejects)} of {len(loaded.files)} can't be read; at most {max_reject_share:.0%} "
            f"may be.\n  The first is {file}: {message}\nNothing of this night was loaded. Mend them and run again."
        )


def read_default_documents() -> LoadedDocuments:
    """Parse the corpus that stands in where the first night's folder brings no documents."""
    from rag.documents import DOCUMENTS_DIR

    if not DOCUMENTS_DIR.is_dir():
        return LoadedDocuments()
    paths = sorted(path for path in DOCUMENTS_DIR.rglob("*.md") if path.is_file())
    loaded = _parse([(path, DEFAULT_PREFIX + path.relative_to(DOCUMENTS_DIR).as_posix()) for path in paths])
    if loaded.rejects:
        raise InputError(f"The default corpus is broken: {loaded.rejects[0][0]}: {loaded.rejects[0][5]}")
    return loaded


def reject_known_documents(con: duckdb.DuckDBPyConnection, loaded: LoadedDocuments, night: date) -> LoadedDocuments:
    """Move documents that an earlier night loaded as they are to the rejects: nothing changed."""
    known = con.execute(
        "select doc_id, doc_version, content_hash from raw.documents where loaded_as_of_date < ? "
        "qualify row_number() over (partition by doc_id, doc_version order by loaded_as_of_date desc) = 1",
        [night],
    ).fetchall()
    hashes = {(doc_id, doc_version): content_hash for doc_id, doc_version, content_hash in known}
    rows, rejects = [], list(loaded.rejects)
    for row in loaded.rows:
        if hashes.get((row[0], row[1])) == row[9]:
            message = "an earlier night loaded this document already; nothing changed"
            rejects.append((row[10], 1, "duplicate_row", "doc_id, version", f"{row[0]} {row[1]}", message))
        else:
            rows.append(row)
    return LoadedDocuments(loaded.files, rows, rejects)


def _is_sidecar(path: Path) -> bool:
    """Tell whether a file is the front matter of the document beside it."""
    from rag.documents import SIDECAR_SUFFIX

    return path.suffix == SIDECAR_SUFFIX and path.with_suffix("").is_file()


def _parse(paths: list[tuple[Path, str]]) -> LoadedDocuments:
    from rag.documents import DocumentError, parse_document, read_sidecar

    loaded = LoadedDocuments()
    seen: dict[tuple[str, str], str] = {}
    for path, source_file in paths:
        loaded.files.append(source_file)
        try:
            document = parse_document(path.read_bytes(), path.name, read_sidecar(path))
        except (DocumentError, OSError) as error:
            loaded.rejects.append((source_file, 0, "bad_document", None, None, printable(str(error))))
            continue
        key = (document.doc_id, document.doc_version)
        if key in seen:
            message = f"{seen[key]} has the same doc_id and version; give one of them another version"
            loaded.rejects.append((source_file, 0, "conflicting_key", "doc_id, version", " ".join(key), message))
            continue
        seen[key] = source_file
        loaded.rows.append(
            (
                document.doc_id,
                document.doc_version,
                document.title,
                document.kind,
                list(document.product_ids),
                list(document.jurisdictions),
                document.valid_from,
                document.valid_to,
                document.text,
                document.content_hash,
                source_file,
                1,
            )
        )
    return loaded
