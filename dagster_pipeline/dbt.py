"""How dbt is called: the project, its manifest, and the arguments of one step.

What belongs here: small pure functions around the dbt command line. Which models a step builds belongs
to the asset module of that step.
"""

import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject

from dagster_pipeline.home import DBT_PROJECT_DIR, Home
from dagster_pipeline.settings import SETTINGS

# The profile reads this variable; parsing alone never opens the file.
WORKING_FILE_VARIABLE = "WORDBOND_WORKING_FILE"
_PROJECT_FILES = ("*.sql", "*.yml", "*.csv", "*.md")


def _is_manifest_stale(project: DbtProject) -> bool:
    manifest = project.manifest_path
    if not manifest.exists():
        return True
    built_at = manifest.stat().st_mtime
    files = (path for pattern in _PROJECT_FILES for path in DBT_PROJECT_DIR.rglob(pattern))
    return any(path.stat().st_mtime > built_at for path in files if "target" not in path.parts)


def _put_dbt_on_path() -> None:
    """Let Dagster find the ``dbt`` that is installed beside this Python, activated environment or not."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + os.environ.get("PATH", "")


def prepared_project() -> DbtProject:
    """Return the dbt project, with its manifest written when it is missing or older than a model.

    Outside ``dagster dev`` nothing else prepares it, and definitions cannot load without it.
    """
    _put_dbt_on_path()
    os.environ.setdefault(WORKING_FILE_VARIABLE, str(Home.from_environment().working_file))
    project = DbtProject(project_dir=DBT_PROJECT_DIR, profiles_dir=DBT_PROJECT_DIR)
    if _is_manifest_stale(project):
        project.preparer.prepare(project)
    return project


def build_arguments(night: date, run_id: str, *, full_refresh: bool = False) -> list[str]:
    """Return the arguments of ``dbt build`` for one night.

    Unit tests run with the test suite, not at night; a test whose parents are not all in this step
    runs in the step that builds the last of them (buildable selection: the other parents stand above it).

    Examples
    --------
    >>> build_arguments(date(2025, 12, 31), "r1")[:2]
    ['build', '--exclude-resource-type']
    """
    variables = (
        f'{{"as_of_date": "{night.isoformat()}", "run_id": "{run_id}", "bank_timezone": "{SETTINGS.bank_timezone}"}}'
    )
    arguments = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
    if full_refresh:
        arguments.append("--full-refresh")
    return [*arguments, "--vars", variables]


def build_models(context: dg.AssetExecutionContext, dbt: DbtCliResource, home: Home) -> Iterator:
    """Run ``dbt build`` for the models selected in ``context`` and yield dbt's events.

    No connection to the working file may be open: dbt is a process of its own and DuckDB has one writer.
    """
    os.environ[WORKING_FILE_VARIABLE] = str(home.working_file)
    arguments = build_arguments(date.fromisoformat(context.partition_key), context.run.run_id)
    target = home.dbt_target_dir / context.op.name
    yield from dbt.cli(arguments, context=context, target_path=target).stream()
