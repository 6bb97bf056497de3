"""Where the real data sets lie: the folder named by WORDBOND_REAL_DATA; without it their tests skip with the reason."""

import os
from pathlib import Path

import pytest


def real_data(name: str) -> Path:
    """Return the path of a set, or of a file of one."""
    root = os.environ.get("WORDBOND_REAL_DATA")
    if not root:
        pytest.skip("WORDBOND_REAL_DATA names no folder: the real data sets are not part of the project")
    found = Path(root) / name
    if not found.exists():
        pytest.skip(f"{found} does not exist")
    return found
