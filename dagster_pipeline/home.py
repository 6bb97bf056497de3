"""Where one bank's files live: WORDBOND_HOME and the paths below it.

What belongs here: names of files in the home and the source folder it remembers. No SQL, no Dagster.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"


class HomeError(RuntimeError):
    """The home is used in a way that would mix two banks, or is not set up yet."""


@dataclass(frozen=True)
class Home:
    """Paths of one WORDBOND_HOME.

    Parameters
    ----------
    root : Path
        The folder; it need not exist yet.
    """

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """Return the home named by ``WORDBOND_HOME``, default ``data/`` in the project."""
        return cls(Path(os.environ.get("WORDBOND_HOME", PROJECT_ROOT / "data")).resolve())

    @property
    def working_file(self) -> Path:
        """The file a night is built in; only the pipeline opens it."""
        return self.root / "working.duckdb"

    @property
    def published_file(self) -> Path:
        """The read-only file that people query."""
        return self.root / "warehouse.duckdb"

    @property
    def index_file(self) -> Path:
        """Embeddings and full text of the corpus (sqlite-vec and FTS5)."""
        return self.root / "index.sqlite"

    @property
    def approvals_file(self) -> Path:
        """Append-only decisions of people about templates, one JSON object a line."""
        return self.root / "approvals.jsonl"

    @property
    def runs_file(self) -> Path:
        """One JSON line per run, failed ones included."""
        return self.root / "runs.jsonl"

    @property
    def grounding_evaluations_file(self) -> Path:
        """Evaluations of grounding with a language model, one JSON object a line, read by the next night."""
        return self.root / "grounding_evaluations.jsonl"

    @property
    def models_dir(self) -> Path:
        """Trained models by name and version."""
        return self.root / "models"

    @property
    def dbt_target_dir(self) -> Path:
        """Dbt's target and log folder for this home."""
        return self.root / "dbt"

    @property
    def world_dir(self) -> Path:
        """Folder the simulator writes its bank into."""
        return self.root / "world"

    @property
    def _source_file(self) -> Path:
        return self.root / "source.json"

    def source_folder(self) -> Path:
        """Return the input folder this home was first loaded from.

        Raises
        ------
        HomeError
            If nothing has been loaded into this home yet.
        """
        if not self._source_file.exists():
            raise HomeError(
                f"The home {self.root} has no source folder yet. Run `make run` (a simulated bank) "
                "or `make run INPUT=folder` first."
            )
        return Path(json.loads(self._source_file.read_text())["folder"])

    def refuse_other_source(self, folder: Path) -> None:
        """Refuse a folder other than the one this home was first loaded from.

        Raises
        ------
        HomeError
            If the home already belongs to another source folder.
        """
        if self._source_file.exists() and self.source_folder() != folder.resolve():
            raise HomeError(
                f"The home {self.root} holds the bank of {self.source_folder()}; found source {folder.resolve()}. "
                "One home holds one bank: set WORDBOND_HOME to another folder for this source."
            )

    def remember_source(self, folder: Path) -> None:
        """Bind this home to ``folder``, so that later nights, the UI and the schedule need no argument.

        Raises
        ------
        HomeError
            If the home already belongs to another source folder.
        """
        self.refuse_other_source(folder)
        self.root.mkdir(parents=True, exist_ok=True)
        self._source_file.write_text(json.dumps({"folder": str(folder.resolve())}) + "\n")
