"""The code location: one job over every asset, no phantom assets, every asset described and owned."""

import dagster as dg
import pytest


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    from dagster_pipeline.definitions import defs

    return defs()


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def test_all_asset_keys_are_materializable(graph):
    assert graph.get_all_asset_keys() - graph.materializable_asset_keys == set()


def test_every_asset_has_a_description_an_owner_and_a_group(graph):
    nodes = [graph.get(key) for key in graph.materializable_asset_keys]
    assert [node.key.to_user_string() for node in nodes if not node.description] == []
    assert [node.key.to_user_string() for node in nodes if not node.owners] == []
    assert [node.key.to_user_string() for node in nodes if node.group_name == "default"] == []


def test_the_line_reads_from_input_to_publication(graph):
    """Every asset of the line is upstream of the published file, and the bank's folder is upstream of it."""
    published = dg.AssetKey(["publication", "warehouse_file"])
    upstream = {published}
    frontier = {published}
    while frontier:
        frontier = {parent for key in frontier for parent in graph.get(key).parent_keys} - upstream
        upstream |= frontier
    for path in (["input", "bank_folder"], ["raw", "transactions"], ["intermediate", "int_customers__features"]):
        assert dg.AssetKey(path) in upstream
    for path in (["ml", "action_scores"], ["marts", "fct_offer_decisions"], ["rag", "messages"]):
        assert dg.AssetKey(path) in upstream


def test_truth_is_upstream_of_evaluation_only(graph):
    readers = {
        child.to_user_string()
        for key in graph.materializable_asset_keys
        if key.path[0] == "truth"
        for child in graph.get(key).child_keys
    }
    allowed = {"ml/ceilings", "ml/model_ablation", "ml/model_metrics", "marts/rpt_nightly_run"}
    assert readers <= allowed


def test_job_and_schedule(definitions):
    job = definitions.resolve_job_def("nightly")
    assert job.partitions_def is not None
    schedule = definitions.resolve_schedule_def("nightly_schedule")
    assert schedule.execution_timezone == "America/New_York"


def test_a_materialization_from_the_graph_runs_one_step_at_a_time(definitions):
    """The working file has one writer; Dagster's own job for assets picked by hand would run steps side by side."""
    assert definitions.resolve_implicit_global_asset_job_def().executor_def.name == "in_process"
