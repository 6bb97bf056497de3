"""Who may read what: the layers of the line, simulator truth and protected attributes."""

import ast
import re
from pathlib import Path

import pytest

from dagster_pipeline.home import DBT_PROJECT_DIR, PROJECT_ROOT

MODELS = sorted(DBT_PROJECT_DIR.glob("models/**/*.sql"))
ORCHESTRATION = {"dagster", "dagster_dbt", "dagster_duckdb", "dbt", "dagster_pipeline"}
# A view lives on in the published file, which has no staging schema: it has to read the tables themselves.
PUBLISHED_VIEWS = {"audit_message_trace"}
# Reads of a relation by name would pass every check on ref() and source() below.
_RELATION_BY_NAME = re.compile(r"\b(?:from|join)\s+(?:raw|truth|ml|rag|staging|intermediate|marts|seeds)\.\w+", re.I)


def _sources(sql: str) -> set[tuple[str, str]]:
    return set(re.findall(r"source\(\s*'(\w+)'\s*,\s*'(\w+)'\s*\)", sql))


def _refs(sql: str) -> set[str]:
    return set(re.findall(r"ref\(\s*'(\w+)'\s*\)", sql))


def _upstream(models: dict[str, set[str]], name: str) -> set[str]:
    """Return everything a model is built from, over any number of steps."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for parent in models.get(waiting.pop(), set()) - seen:
            seen.add(parent)
            waiting.append(parent)
    return seen


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", ["ml", "rag"])
def test_learning_and_language_know_no_orchestration(package):
    files = sorted((PROJECT_ROOT / package).rglob("*.py"))
    assert files
    assert {str(path): _imported(path) & ORCHESTRATION for path in files if _imported(path) & ORCHESTRATION} == {}


def test_imports_inside_functions_are_seen(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("def f():\n    from dagster_pipeline.home import Home\n    return Home\n")
    assert _imported(module) == {"dagster_pipeline"}


def test_no_model_reads_the_truth():
    assert MODELS
    readers = [path.name for path in MODELS if any(source == "truth" for source, _ in _sources(path.read_text()))]
    assert readers == []


def test_models_read_relations_through_ref_and_source_only():
    assert {path.name: _RELATION_BY_NAME.findall(path.read_text()) for path in MODELS} == {
        path.name: [] for path in MODELS
    }


def test_sources_are_read_in_staging_only():
    readers = {path.stem for path in MODELS if _sources(path.read_text()) and "staging" not in path.parts}
    assert readers == PUBLISHED_VIEWS


def test_protected_attributes_reach_no_feature():
    parents = {path.stem: _refs(path.read_text()) for path in MODELS}
    readers = {path.stem for path in MODELS if ("raw", "customers_protected") in _sources(path.read_text())}
    assert readers == {"stg_bank__customers_protected"}
    feature_models = [path.stem for path in MODELS if path.parent.name == "features"]
    assert "int_customers__features" in feature_models
    reached = [name for name in feature_models if "stg_bank__customers_protected" in _upstream(parents, name)]
    assert reached == []


def test_protected_attributes_reach_capacity_gates_alone_and_no_mart_shows_them():
    parents = {path.stem: _refs(path.read_text()) for path in MODELS}
    direct = {name for name, refs in parents.items() if "stg_bank__customers_protected" in refs}
    assert all(name.startswith("int_offers__") for name in direct), direct
    shown = [
        path.name
        for path in MODELS
        if "marts" in path.parts and re.search(r"\b(birth_date|protected_\w+)\b", path.read_text())
    ]
    assert shown == []


def test_features_read_no_scores_and_no_decisions():
    """The line has one direction: nothing a feature is built from comes after it."""
    parents = {path.stem: _refs(path.read_text()) for path in MODELS}
    later = ("stg_ml__", "stg_rag__", "int_offers__", "fct_", "dim_", "rpt_", "audit_")
    for path in MODELS:
        if path.parent.name == "features":
            assert [name for name in _upstream(parents, path.stem) if name.startswith(later)] == [], path.stem
