"""The trained model as a file, named by what it was made of.

Belongs here: what a model is trained from, its content hash, loading and writing. Training belongs to
`rag.support.model`.
"""

import hashlib
import os
import tempfile
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError

import joblib

from rag.documents import DOCUMENTS_DIR, DocumentError, parse_document
from rag.support.cross_encoder import ADAPTER_PATH, HELD_OUT_PATH, held_out_scores
from rag.support.generator import hand_pairs
from rag.support.model import ModelSettings, SupportModel, train
from rag.support.passages import NATURAL_DIR, PASSAGES_DIR, Passage, read_all_passages
from rag.support.relations import THESAURUS_DIR

_CODE = (
    "alignment",
    "artefact",
    "contradictions",
    "cross_encoder",
    "edits",
    "features",
    "generator",
    "lexicon",
    "model",
    "passages",
    "preselection",
    "quantities",
    "reading",
    "relations",
    "rewriting",
    "rewriting_false",
    "rewriting_true",
    "topical",
    "words",
)
_MADE_WITH = ("scikit-learn", "numpy", "wordllama", "torch")


def corpus_passages(folder: Path = DOCUMENTS_DIR, settings: ModelSettings | None = None) -> list[Passage]:
    """Read the documents of a corpus as passages without claims; unreadable ones are left out.

    Parameters
    ----------
    folder : Path
        Holds `*.md`; may be missing.
    settings : ModelSettings, optional
        Bounds.
    """
    settings = settings or ModelSettings()
    paths = sorted(folder.glob("*.md"))
    step = max(1, -(-len(paths) // settings.max_documents)) if settings.max_documents else len(paths) + 1
    passages = []
    for path in paths[::step]:
        try:
            text = parse_document(path.read_bytes(), path.name).text
        except DocumentError:
            continue
        paragraphs = [line.strip("#|*- ") for line in text.splitlines() if len(line.split()) >= 5]
        if paragraphs:
            passages.append(Passage(path.name, "corpus", tuple(paragraphs[: settings.max_paragraphs]), (), ()))
    return passages


def models_folder() -> Path:
    """Return the folder of trained models: `models` in WORDBOND_HOME (default `data`)."""
    return Path(os.environ.get("WORDBOND_HOME", "data")) / "models"


def content_hash_of(corpus_dir: Path = DOCUMENTS_DIR, settings: ModelSettings | None = None) -> str:
    """Return 16 hex digits over everything a model is made of: code, texts, corpus, settings, versions of libraries."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    paths = [folder / f"{name}.py" for name in _CODE]
    paths += [folder.parent / f"{name}.py" for name in ("embeddings", "minilm", "pair_encoder")]
    paths += [ADAPTER_PATH, HELD_OUT_PATH, *sorted(NATURAL_DIR.glob("*.txt"))]
    paths += sorted(PASSAGES_DIR.glob("*.txt")) + sorted(THESAURUS_DIR.glob("*.txt")) + sorted(corpus_dir.glob("*.md"))
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    digest.update(repr(sorted(asdict(settings or ModelSettings()).items())).encode())
    digest.update(" ".join(f"{name}={version(name)}" for name in _MADE_WITH).encode())
    return digest.hexdigest()[:16]


def load_or_train(
    folder: Path, corpus_dir: Path = DOCUMENTS_DIR, settings: ModelSettings | None = None
) -> SupportModel:
    """Return the model for this code and corpus: from its file if there is one, else trained and written.

    Parameters
    ----------
    folder : Path
        Where models are kept, such as `data/models`; made if missing. A file is written beside its place and renamed,
        so that a reader never sees half of one; a damaged file is replaced.
    corpus_dir : Path
        Documents to learn the trade's language from; may be empty.
    settings : ModelSettings, optional
        Default: as above.
    """
    settings = settings or ModelSettings()
    content_hash = content_hash_of(corpus_dir, settings)
    path = folder / f"support-{content_hash}.joblib"
    loaded = _load(path, content_hash)
    if loaded is not None:
        return loaded
    natural = hand_pairs(read_all_passages(NATURAL_DIR))
    passages = read_all_passages() + corpus_passages(corpus_dir, settings)
    model = train(passages, natural, held_out_scores(natural), settings, content_hash)
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=path.stem, suffix=".tmp")
    os.close(handle)
    try:
        joblib.dump(model, name, compress=3)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return model


def is_trained(folder: Path, corpus_dir: Path = DOCUMENTS_DIR, settings: ModelSettings | None = None) -> bool:
    """Tell whether `load_or_train` would find a file, so that nobody waits for training without knowing."""
    return (folder / f"support-{content_hash_of(corpus_dir, settings or ModelSettings())}.joblib").exists()


def _load(path: Path, content_hash: str) -> SupportModel | None:
    if not path.exists():
        return None
    try:
        model = joblib.load(path)
    except (
        OSError,
        UnpicklingError,
        ValueError,
        EOFError,
        KeyError,
        IndexError,
        AttributeError,
        ImportError,
        TypeError,
    ):
        return None
    return model if isinstance(model, SupportModel) and model.content_hash == content_hash else None
