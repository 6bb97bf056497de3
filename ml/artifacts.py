"""Trained models on disk: by name and content-hash version, and which one a night uses.

What belongs here: writing, reading and choosing artefacts. A version is a hash of what went in (code,
parameters, training data, models built upon), so equal inputs find the model they made before, and a
night that is run again uses the model it used before. State is JSON, numpy arrays and CatBoost's own
format: nothing that is loaded can run code.
"""

import hashlib
import io
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ml.settings import is_training_due


class ArtifactError(RuntimeError):
    """A stored model cannot be read, or is not what its card says."""


@cache
def code_version() -> str:
    """Return a hash of the source of this package, the simulator aside, 12 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def hash_values(*values: object) -> str:
    """Return a hash of arrays, texts and JSON-ready values, 16 hex digits; the order counts."""
    digest = hashlib.sha256()
    for value in values:
        if isinstance(value, np.ndarray) and value.dtype != object:
            digest.update(f"{value.dtype}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            listed = value.tolist() if isinstance(value, np.ndarray) else value
            digest.update(json.dumps(listed, sort_keys=True, default=str).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def parameters_of(settings: object) -> dict:
    """Return a settings dataclass as JSON-ready values."""
    if not is_dataclass(settings) or isinstance(settings, type):
        raise TypeError(f"Found {type(settings).__name__}, expected a settings dataclass.")
    return asdict(settings)


@dataclass(frozen=True)
class Fitted:
    """What a training function returns: its state, and what the record tables say about it.

    Parameters
    ----------
    state : dict
        JSON-ready state; ``untrained`` holds the reason where nothing could be learned.
    arrays : dict of str to ndarray
        Learned arrays.
    blobs : dict of str to bytes
        Models in their library's own format.
    records : dict
        JSON-ready rows for the record tables: ``runs``, ``metrics``, ``ablation``, ``ceilings``.
    notes : sequence of str
        Remarks for the run report.
    """

    state: dict
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    records: dict[str, list[dict]] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Artifact:
    """A stored model: its name, version, card (everything JSON-ready) and binary parts."""

    name: str
    version: str
    card: dict
    arrays: dict[str, np.ndarray]
    blobs: dict[str, bytes]

    @property
    def state(self) -> dict:
        """The model's own JSON-ready state."""
        return self.card["state"]

    @property
    def untrained(self) -> str | None:
        """Why nothing was learned, or None."""
        return self.state.get("untrained")

    @property
    def notes(self) -> list[str]:
        """Remarks of the training, for the run report."""
        return list(self.card["notes"])

    def records(self, table: str) -> list[dict]:
        """Return the rows this training has for a record table; each knows its night and version."""
        return self.card["records"].get(table, [])


@dataclass(frozen=True)
class Recipe:
    """What a model is made of, apart from its data.

    Parameters
    ----------
    name : str
        Name of the model.
    parameters : mapping
        JSON-ready parameters.
    upstream : mapping of str to str
        Versions of the models this one builds upon, by name.
    """

    name: str
    parameters: Mapping[str, Any]
    upstream: Mapping[str, str] = field(default_factory=dict)

    def matches(self, card: Mapping[str, Any]) -> bool:
        """Say whether a stored model was made by this recipe with this code."""
        return (
            card["code_version"] == code_version()
            and card["parameters"] == json.loads(json.dumps(dict(self.parameters)))
            and card["upstream"] == dict(self.upstream)
        )


@dataclass(frozen=True)
class Obtained:
    """A model for a night: the artefact, whether this night trained it, and why or why not."""

    artifact: Artifact
    is_new: bool
    reason: str


class ModelStore:
    """The models folder of a home.

    ``<name>/<version>/`` holds a model, ``<name>/nights/<date>.json`` says which version a night trained
    or found unchanged. Both are written beside their place and renamed into it.

    Parameters
    ----------
    root : Path
        The folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, artifact: Artifact) -> None:
        """Write a model; a damaged one of the same version is replaced."""
        target = self.root / artifact.name / artifact.version
        building = target.with_name(f".{artifact.version}.building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        buffer = io.BytesIO()
        np.savez(buffer, **artifact.arrays)  # type: ignore[arg-type]
        parts = {"arrays.npz": buffer.getvalue(), **artifact.blobs}
        for name, content in parts.items():
            (building / name).write_bytes(content)
        card = {
            **artifact.card,
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()},
        }
        (building / "card.json").write_text(json.dumps(card, sort_keys=True, indent=1))
        shutil.rmtree(target, ignore_errors=True)
        building.rename(target)

    def load(self, name: str, version: str) -> Artifact:
        """Read a model and check it against its card.

        Raises
        ------
        ArtifactError
            If it is missing or a file is not the one that was written.
        """
        folder = self.root / name / version
        try:
            card = json.loads((folder / "card.json").read_text())
            parts = {part: (folder / part).read_bytes() for part in card["files"]}
        except (OSError, ValueError, KeyError) as error:
            raise ArtifactError(
                f"Model {name} {version} in {folder} cannot be read ({error}); it is trained anew."
            ) from error
        for part, digest in card["files"].items():
            if hashlib.sha256(parts[part]).hexdigest() != digest:
                raise ArtifactError(
                    f"Model {name} {version}: {part} is not the file that was written; it is trained anew."
                )
        with np.load(io.BytesIO(parts.pop("arrays.npz")), allow_pickle=False) as arrays:
            return Artifact(name, version, card, {key: arrays[key] for key in arrays.files}, parts)

    def point(self, name: str, night: date, version: str) -> None:
        """Record that ``night`` trained this version or found it unchanged."""
        target = self.root / name / "nights" / f"{night.isoformat()}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        building = target.with_suffix(".building")
        building.write_text(json.dumps({"version": version}) + "\n")
        building.replace(target)

    def newest(self, name: str, night: date, *, before: bool = False) -> tuple[date, Artifact] | None:
        """Return the model of the newest night at or before ``night`` (strictly before, if asked) that can be read."""
        pointers = sorted((self.root / name / "nights").glob("*.json"), reverse=True)
        for pointer in pointers:
            trained_on = date.fromisoformat(pointer.stem)
            if trained_on > night or (before and trained_on == night):
                continue
            try:
                return trained_on, self.load(name, json.loads(pointer.read_text())["version"])
            except ArtifactError:
                continue
        return None

    def has(self, name: str, version: str) -> bool:
        """Say whether a readable model of that version is stored."""
        try:
            self.load(name, version)
        except ArtifactError:
            return False
        return True


def obtain(
    store: ModelStore,
    recipe: Recipe,
    night: date,
    read: Callable[[], tuple[Any, str]],
    fit: Callable[[Any, Artifact | None], Fitted],
) -> Obtained:
    """Return the model for ``night``: the newest valid one, or a new one where training is due.

    A night that trains hashes its data first; where code, parameters, data and the models built upon are
    those of a stored version, that version is the answer and nothing is fitted.

    Parameters
    ----------
    store : ModelStore
        The models folder.
    recipe : Recipe
        Name, parameters and upstream versions.
    night : date
        The night that runs.
    read : callable
        Reads the training inputs; returns them and their hash. Called only when training is due.
    fit : callable
        Fits; gets the inputs and the newest model of an earlier night, valid or not, or None.

    Returns
    -------
    Obtained
    """
    known = store.newest(recipe.name, night)
    is_valid = known is not None and recipe.matches(known[1].card)
    if known is not None and is_valid and not is_training_due(night, known[0]):
        return Obtained(known[1], False, f"reuses {known[1].version} of {known[0]}: training is due once a month")
    inputs, data_hash = read()
    if known is not None and is_valid and known[1].card["data_hash"] == data_hash:
        store.point(recipe.name, night, known[1].version)
        return Obtained(known[1], False, f"reuses {known[1].version} of {known[0]}: its training data are unchanged")
    earlier = store.newest(recipe.name, night, before=True)
    previous = earlier[1] if earlier else None
    version = hash_values(
        code_version(), recipe.name, dict(recipe.parameters), dict(recipe.upstream), data_hash,
        previous.version if previous else None,
    )[:12]  # fmt: skip
    if store.has(recipe.name, version):
        artifact, is_new = store.load(recipe.name, version), False
    else:
        artifact, is_new = _fit(recipe, version, data_hash, night, inputs, previous, fit), True
        store.save(artifact)
    store.point(recipe.name, night, version)
    return Obtained(artifact, is_new, f"trained {version} on {night}" if is_new else f"finds {version} in the store")


def _fit(
    recipe: Recipe,
    version: str,
    data_hash: str,
    night: date,
    inputs: Any,
    previous: Artifact | None,
    fit: Callable[[Any, Artifact | None], Fitted],
) -> Artifact:
    started = time.perf_counter()
    fitted = fit(inputs, previous)
    card = {
        "as_of_date": night.isoformat(),
        "code_version": code_version(),
        "parameters": json.loads(json.dumps(dict(recipe.parameters))),
        "upstream": dict(recipe.upstream),
        "data_hash": data_hash,
        "seconds": round(time.perf_counter() - started, 3),
        "state": fitted.state,
        "records": fitted.records,
        "notes": list(fitted.notes),
    }
    return Artifact(recipe.name, version, card, fitted.arrays, fitted.blobs)
