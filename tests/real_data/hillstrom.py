"""The Hillstrom e-mail test as a bank's folder: two e-mails and a control group, drawn at random, one wave.

Postcodes stay out. The data tells no dates: the wave's instant is a stand-in.
"""

from pathlib import Path

import duckdb

from tests.real_data.writing import main, write_csv, write_products, write_remarks

STAND_INS = [
    "one wave on 2008-03-20 12:00 UTC (the data tells no dates); outcomes are those of the two weeks after it, so "
    "their end, 2008-04-03 12:00 UTC, is the instant of every response",
    "send_slot 1 and intensity medium (the data tells neither); margin 10.00 for both e-mails",
    "joined_on 2007-03-01 for everybody; consent to e-mail granted then (everybody was on the list)",
    "the outcome is a visit in both arms: in the e-mail arms clicked, with a purchase converted; in the control group "
    "converted, the word for an outcome that came about unprompted",
    "no documents: the data holds no wording of the e-mails, so everything is decided and nothing can be cited",
]


def adapt(source: Path, out: Path) -> list[str]:
    """Write ``source`` in the input contract and return its stand-ins."""
    with duckdb.connect() as con:
        con.execute(
            f"""create table rows as select *,
                'h' || lpad((row_number() over ())::varchar, 6, '0') as customer_id
            from '{source / "hillstrom.parquet"}'"""
        )
        write_csv(
            con,
            """select customer_id, date '2007-03-01' as joined_on, recency as attr_recency_months,
                history as attr_history_usd, history_segment as attr_history_segment, mens as attr_mens,
                womens as attr_womens, newbie as attr_newbie, channel as attr_purchase_channel
            from rows order by customer_id""",
            out / "customers.csv",
        )
        write_csv(
            con,
            """select customer_id, 'email' as channel, 'marketing' as purpose, 'granted' as status,
                '2007-03-01T12:00:00Z' as changed_at, 'mailing_list' as source,
                'On the mailing list of the test' as evidence_text
            from rows order by customer_id""",
            out / "consents.csv",
        )
        write_csv(
            con,
            """with arms as (
                select *, segment <> 'No E-Mail' as is_treated,
                    case segment when 'Mens E-Mail' then 'mens_email' when 'Womens E-Mail' then 'womens_email' end
                        as product_id,
                    case
                        when visit = 0 then 'none'
                        when conversion = 1 or segment = 'No E-Mail' then 'converted'
                        else 'clicked'
                    end as outcome
                from rows
            )
            select 'c' || customer_id as contact_id, customer_id, '2008-03-20T12:00:00Z' as sent_at, product_id,
                case when is_treated then 'email' end as channel, case when is_treated then 1 end as send_slot,
                case when is_treated then 'medium' end as intensity,
                case when is_treated then 'treatment' else 'control' end as arm, 0.333333 as action_probability,
                outcome as response, case when outcome <> 'none' then '2008-04-03T12:00:00Z' end as responded_at
            from arms order by customer_id""",
            out / "contacts.csv",
        )
    products = [
        {
            "product_id": product_id,
            "name": name,
            "family": "other",
            "margin": "10.00",
            "valid_from": "2007-01-01",
            "channels": "email",
        }
        for product_id, name in (("mens_email", "Mens merchandise"), ("womens_email", "Womens merchandise"))
    ]
    write_products(products, out / "products.csv")
    write_remarks(STAND_INS, out)
    return STAND_INS


if __name__ == "__main__":
    main(__doc__, adapt)
