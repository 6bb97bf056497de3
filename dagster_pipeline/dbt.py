"""How dbt is called: the project, its manifest, and the arguments of one step.

What belongs here: small pure functions around the dbt command line. Which models a step builds belongs
to the asset module of that step.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject

from dagster_pipeline.home import DBT_PROJECT_DIR, Home
from dagster_pipeline.settings import SETTINGS

# The profile reads this variable; parsing alone never opens the file.
WORKING_FILE_VARIABLE = "WORDBOND_WORKING_FILE"
# What differs from run to run reaches dbt through these: with other --vars than last time dbt parses the whole project
# anew, a third of what a step costs on a small bank.
NIGHT_VARIABLE, RUN_VARIABLE = "WORDBOND_AS_OF_DATE", "WORDBOND_RUN_ID"
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


def build_arguments(*, full_refresh: bool = False) -> list[str]:
    """Return the arguments of ``dbt build``, the same for every night; the night itself stands in the environment.

    Unit tests run with the test suite, not at night; a test whose parents are not all in this step
    runs in the step that builds the last of them (buildable selection: the other parents stand above it).

    Examples
    --------
    >>> build_arguments()[:2]
    ['build', '--exclude-resource-type']
    """
    variables = json.dumps({"bank_timezone": SETTINGS.bank_timezone, "traced_messages": SETTINGS.traced_messages})
    arguments = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
    if full_refresh:
        arguments.append("--full-refresh")
    return [*arguments, "--vars", variables]


def build_models(context: dg.AssetExecutionContext, dbt: DbtCliResource, home: Home) -> Iterator:
    """Run ``dbt build`` for the models selected in ``context`` and yield dbt's events.

    No connection to the working file may be open: dbt is a process of its own and DuckDB has one writer.
    """
    os.environ[WORKING_FILE_VARIABLE] = str(home.working_file)
    target = home.dbt_target_dir / context.op.name
    night = date.fromisoformat(context.partition_key).isoformat()
    with _environment({NIGHT_VARIABLE: night, RUN_VARIABLE: context.run.run_id}):
        invocation = dbt.cli(build_arguments(), context=context, target_path=target)
    yield from invocation.stream()


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Hand variables to the process that is started inside, and to no later one."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
