"""The code location: everything below ``defs/`` is loaded from here, and nothing else is."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Load every asset, check, job, schedule and resource of ``defs/``."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
