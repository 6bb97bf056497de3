"""What a night's writing has come to so far, kept brief by brief, so that a killed night takes up where it stopped.

What belongs here: writing one brief's template with its proof in one transaction. The night's own end, which writes
the same rows as a whole, belongs to ``dagster_pipeline.messaging``.
"""

from collections.abc import Callable, Sequence
from datetime import date

import duckdb

from dagster_pipeline.messaging import first_approval, template_row
from dagster_pipeline.tables import declared_tables
from rag.template_types import BriefTemplate, Template


def keeper(con: duckdb.DuckDBPyConnection, night: date) -> Callable[[BriefTemplate, Sequence[Template]], None]:
    """Return the function that keeps what was written for a brief as soon as it is written.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection to the working file, open as long as the writing lasts.
    night : date
        The night that writes.
    """

    def keep(row: BriefTemplate, made: Sequence[Template]) -> None:
        con.execute("begin transaction")
        try:
            for template in made:
                _keep_template(con, night, template)
            _replace(con, "rag.brief_templates", [{"as_of_date": night, **vars(row)}], ("brief_id", "as_of_date"))
            con.execute("commit")
        except BaseException:
            con.execute("rollback")
            raise

    return keep


def _keep_template(con: duckdb.DuckDBPyConnection, night: date, template: Template) -> None:
    named = {"template_id": template.template_id}
    _replace(con, "rag.template_citations", [{**named, **vars(row)} for row in template.citations])
    _replace(con, "rag.template_checks", [{**named, **vars(check)} for check in template.checks])
    _replace(con, "rag.template_approvals", [first_approval(template, night)])
    _replace(con, "rag.templates", [template_row(template)])


def _replace(
    con: duckdb.DuckDBPyConnection, table_name: str, rows: list[dict], key: tuple[str, ...] = ("template_id",)
) -> None:
    """Put a few rows in place of those of their key; plain values, since a frame for each costs more than its rows."""
    names = [column.name for column in declared_tables()[table_name].columns]
    if not rows:
        return
    where = " and ".join(f"{name} = ?" for name in key)
    con.execute(f"delete from {table_name} where {where}", [rows[0][name] for name in key])
    marks = ", ".join(["(" + ", ".join("?" * len(names)) + ")"] * len(rows))
    con.execute(
        f"insert into {table_name} ({', '.join(names)}) values {marks}", [row[name] for row in rows for name in names]
    )
