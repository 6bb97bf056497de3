"""What every asset runs with: the warehouse, the dbt command line, the progress logger, one step at a time."""

import dagster as dg
from dagster_dbt import DbtCliResource

from dagster_pipeline.dbt import prepared_project
from dagster_pipeline.defs.resources import Warehouse
from dagster_pipeline.home import Home
from dagster_pipeline.progress import progress_logger


@dg.definitions
def environment() -> dg.Definitions:
    """Bind the resources to the home named by ``WORDBOND_HOME``."""
    return dg.Definitions(
        resources={
            "warehouse": Warehouse(root=str(Home.from_environment().root)),
            "dbt": DbtCliResource(project_dir=prepared_project()),
        },
        loggers={"progress": progress_logger},
        # Assets materialized from the graph run in a job of Dagster's own: one step at a time there too, since the
        # working file has one writer.
        executor=dg.in_process_executor,
    )
