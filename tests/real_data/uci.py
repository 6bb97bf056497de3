"""UCI Bank Marketing as a bank's folder: every row a customer with attributes and one answered or ignored call.

The calls are in time order from May 2008; the year is inferred from that order. ``duration`` is known only after
the call and stays out. Age and marital status become protected attributes.
"""

from pathlib import Path

import duckdb

from tests.real_data.writing import main, write_csv, write_products, write_remarks

MONTHS = "['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']"
STAND_INS = [
    "channel: cellular -> sms, telephone and unknown -> mail (calls are no channel of the contract)",
    "sent_at is noon of the day of the call; a missing day is spread evenly in row order within its month",
    "send_slot 1 and intensity medium for every call (the data tells neither)",
    "action_probability 1 (nobody was held back at random)",
    "joined_on 2008-01-01 for everybody (the data does not tell)",
    "the year is inferred from row order, May 2008 on",
    "duration is known only after the call and stays out; age and marital status are protected",
    "no consents (the data records none): everything is decided, nothing is sent",
]
NOT_ATTRIBUTES = {"row_no", "age", "marital", "contact", "day", "month", "day_of_week", "duration", "y"}


def adapt(source: Path, out: Path) -> list[str]:
    """Write ``source`` (the folder, or one of its Parquet files) in the input contract and return its stand-ins."""
    file = source / "bank_full.parquet" if source.is_dir() else source
    with duckdb.connect() as con:
        con.execute(f"create view calls as from '{file}'")
        columns = [row[0] for row in con.execute("describe calls").fetchall()]
        day = "day" if "day" in columns else "null"
        con.execute(
            f"""
            create table dated as
            with numbered as (
                select *, list_position({MONTHS}, month) as month_number from calls
            ),
            turned as (
                select *, coalesce(month_number < lag(month_number) over (order by row_no), false) as is_new_year
                from numbered
            ),
            placed as (
                select *, make_date(
                    (2008 + count(*) filter (where is_new_year) over (order by row_no))::integer, month_number, 1
                ) as first_day
                from turned
            ),
            ranked as (
                select *, day(last_day(first_day)) as days,
                    row_number() over (partition by first_day order by row_no) as position,
                    count(*) over (partition by first_day) as calls_of_month
                from placed
            )
            select *, first_day + (
                least(coalesce({day}, 1 + (position - 1) * days // calls_of_month), days) - 1
            )::integer as call_day
            from ranked
            """
        )
        attributes = ", ".join(
            f'"{name}" as attr_{name.replace(".", "_")}' for name in columns if name not in NOT_ATTRIBUTES
        )
        write_csv(
            con,
            f"""select 'uci' || lpad(row_no::varchar, 6, '0') as customer_id, date '2008-01-01' as joined_on,
                {attributes}, age as protected_age, marital as protected_marital_status
            from dated order by row_no""",
            out / "customers.csv",
        )
        write_csv(
            con,
            """select 'call' || lpad(row_no::varchar, 6, '0') as contact_id,
                'uci' || lpad(row_no::varchar, 6, '0') as customer_id,
                strftime(call_day, '%Y-%m-%dT12:00:00Z') as sent_at, 'term_deposit' as product_id,
                case contact when 'cellular' then 'sms' else 'mail' end as channel, 1 as send_slot,
                'medium' as intensity, 'treatment' as arm, 1.0 as action_probability,
                case y when 'yes' then 'converted' else 'none' end as response,
                case y when 'yes' then strftime(call_day, '%Y-%m-%dT12:30:00Z') end as responded_at
            from dated order by row_no""",
            out / "contacts.csv",
        )
    write_products(
        [
            {
                "product_id": "term_deposit",
                "name": "Term Deposit",
                "family": "deposit",
                "margin": "50.00",
                "valid_from": "2008-01-01",
                "channels": "sms|mail",
                "rate_type": "fixed",
                "time_account": "true",
                "legal_entity": "Bank",
            }
        ],
        out / "products.csv",
    )
    write_remarks(STAND_INS, out)
    return STAND_INS


if __name__ == "__main__":
    main(__doc__, adapt)
