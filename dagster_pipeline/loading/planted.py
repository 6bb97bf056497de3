"""What became of a simulated bank's planted defects: planted against caught, by kind.

What belongs here: what ``caught`` means. A spoiled copy is caught if the rule of its kind's name rejected it. A late
arrival or a correction is no reject: it is caught if its row is known from exactly the night whose folder brought it,
and no earlier night's rows changed: a late arrival's key is new, and the version a correction replaces still stands,
unless its night was left out, so that it never came.
"""

from datetime import date

import duckdb

_KNOWN_LATER = "('late_arrival', 'correction')"
_VERDICTS = f"""
with planted as (
    select planted.*, loads.loaded_as_of_date as night
    from truth.planted_defects as planted
    inner join raw.loads as loads on loads.file = planted.file
),

versions as (
    select
        transaction_id as key, source_file, source_row_number, loaded_as_of_date,
        cast(posted_at at time zone 'America/New_York' as date) as day
    from raw.transactions
    union all
    select
        event_id as key, source_file, source_row_number, loaded_as_of_date,
        cast(occurred_at at time zone 'America/New_York' as date) as day
    from raw.events
),

brought as (
    select
        planted.file, planted.row_number, planted.night, versions.key,
        versions.day > (select min(loaded_as_of_date) from raw.loads)
        and versions.day not in (select loaded_as_of_date from raw.loads) as was_left_out
    from planted
    inner join versions
        on versions.source_file = planted.file and versions.source_row_number = planted.row_number
        and versions.loaded_as_of_date = planted.night
    where planted.kind in {_KNOWN_LATER}
),

judged as (
    select
        brought.file, brought.row_number,
        count(versions.key) filter (where versions.loaded_as_of_date < brought.night) > 0 as was_known,
        bool_or(brought.was_left_out) as was_left_out
    from brought
    inner join versions on versions.key = brought.key
    group by brought.file, brought.row_number
)

select
    planted.kind,
    planted.night,
    coalesce(
        case
            when planted.kind = 'late_arrival' then not judged.was_known
            when planted.kind = 'correction' then judged.was_known or judged.was_left_out
            else rejects.rule is not null
        end,
        false
    ) as is_caught
from planted
left join judged on judged.file = planted.file and judged.row_number = planted.row_number
left join raw.rejects as rejects
    on rejects.file = planted.file and rejects.row_number = planted.row_number and rejects.rule = planted.kind
    and rejects.loaded_as_of_date = planted.night
"""


def planted_and_caught(con: duckdb.DuckDBPyConnection, night: date | None = None) -> list[tuple[str, int, int]]:
    """Count planted defects and those that were caught, by kind.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Working or published file.
    night : date, optional
        The night that loaded them; all nights without it.

    Returns
    -------
    list of (str, int, int)
        Kind, planted, caught, in order of the kinds; empty for a real bank.
    """
    return con.execute(
        f"""
        select kind, count(*)::integer as planted, count_if(is_caught)::integer as caught from ({_VERDICTS})
        where $night is null or night = $night group by kind order by kind
        """,
        {"night": night},
    ).fetchall()
