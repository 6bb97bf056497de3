"""The Czech bank set of PKDD'99 (Berka) as a bank's folder: accounts, cards and loans as holdings, in the 1990s.

A customer is the owner of an account. The first six digits of the birth number tell birth date and sex (women's
months are raised by 50); both become protected attributes, and districts are no features.
"""

from pathlib import Path

import duckdb

from tests.real_data.writing import main, write_csv, write_products, write_remarks

STAND_INS = [
    "amounts are Czech crowns, the bank's one currency",
    "transactions are posted at 12:00 UTC of their day, those of one day a second apart, the largest inflow first and "
    "the largest outflow last (the data tells no time; three in four balances of such days then follow from the row "
    "before)",
    "a loan is closed when its duration is over (the data tells no closing)",
    "the owner of an account is the customer; transactions are a part of the set's, most of 1993, 1994 and 1997",
    "birth dates and sex are protected, districts stay out",
    "margin 1000.00 for every product (their worth is not known)",
    "no consents and no contacts (the data records none): everything is decided, nothing is sent",
]
CATEGORIES = """case
    when k_symbol = 'UROK' then 'interest'
    when k_symbol in ('SLUZBY', 'SANKC. UROK') then 'fee'
    when k_symbol = 'DUCHOD' then 'pension'
    when k_symbol = 'SIPO' then 'utilities'
    when k_symbol = 'UVER' then 'loan_payment'
    when k_symbol = 'POJISTNE' then 'insurance'
    when operation = 'VYBER KARTOU' then 'card_payment'
    when operation = 'PREVOD Z UCTU' then 'transfer_in'
    when operation = 'PREVOD NA UCET' then 'transfer_out'
    when type = 'PRIJEM' then 'cash_in'
    else 'cash_out'
end"""


def adapt(source: Path, out: Path) -> list[str]:
    """Write ``source`` in the input contract and return its stand-ins."""
    with duckdb.connect() as con:
        for name in ("account", "card", "client", "disp", "loan"):
            con.execute(f"create view {name} as from '{source / name}.parquet'")
        con.execute(f"create view trans as from '{source / 'trans_partial.parquet'}'")
        con.execute("create macro to_day(yymmdd) as strptime('19' || yymmdd::varchar, '%Y%m%d')::date")
        con.execute("create view owners as select client_id, account_id, disp_id from disp where type = 'OWNER'")
        _write_customers(con, out)
        _write_transactions(con, out)
        _write_holdings(con, out)
    products = [
        ("current_account", "Current Account", "deposit"),
        ("card_classic", "Classic Card", "card"),
        ("card_junior", "Junior Card", "card"),
        ("card_gold", "Gold Card", "card"),
        ("loan", "Personal Loan", "loan"),
    ]
    write_products(
        [
            {"product_id": key, "name": name, "family": family, "margin": "1000.00", "valid_from": "1993-01-01"}
            for key, name, family in products
        ],
        out / "products.csv",
    )
    write_remarks(STAND_INS, out)
    return STAND_INS


def _write_customers(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    write_csv(
        con,
        """with born as (
            select client_id, birth_number // 10000 as year, birth_number // 100 % 100 as month,
                birth_number % 100 as day
            from client
        )
        select 'b' || lpad(owners.client_id::varchar, 5, '0') as customer_id, min(to_day(account.date)) as joined_on,
            min(make_date(1900 + born.year, case when month > 50 then month - 50 else month end, day)) as birth_date,
            min(case when month > 50 then 'female' else 'male' end) as protected_sex,
            'Europe/Prague' as timezone, min(account.frequency) as attr_statement_frequency
        from owners join account using (account_id) join born using (client_id)
        group by owners.client_id order by customer_id""",
        out / "customers.csv",
    )


def _write_transactions(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    write_csv(
        con,
        f"""select 't' || trans_id as transaction_id, 'b' || lpad(owners.client_id::varchar, 5, '0') as customer_id,
            strftime(trans.date + to_seconds(43_200 + row_number() over (
                partition by account_id, trans.date order by signed desc, trans_id
            ) - 1), '%Y-%m-%dT%H:%M:%SZ') as posted_at,
            cast(signed as decimal(18, 2)) as amount, {CATEGORIES} as category,
            case when bank is null then 'person' else 'bank' end as counterparty_type,
            cast(balance as decimal(18, 2)) as balance_usd
        from (select *, case when type = 'PRIJEM' then amount else -amount end as signed from trans) as trans
        join owners using (account_id) order by trans_id""",
        out / "transactions.csv",
    )


def _write_holdings(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    write_csv(
        con,
        """with held as (
            select client_id, 'current_account' as product_id, to_day(account.date) as opened_on,
                null::date as closed_on
            from owners join account using (account_id)
            union all
            select client_id, 'card_' || card.type, to_day(left(card.issued, 6)), null
            from card join disp using (disp_id)
            union all
            select client_id, 'loan', to_day(loan.date), (to_day(loan.date) + to_months(loan.duration::integer))::date
            from loan join owners using (account_id)
        )
        select 'b' || lpad(client_id::varchar, 5, '0') as customer_id, product_id, opened_on, closed_on
        from held where client_id in (select client_id from owners) order by all""",
        out / "holdings.csv",
    )


if __name__ == "__main__":
    main(__doc__, adapt)
