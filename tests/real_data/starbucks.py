"""The Starbucks offers set as a bank's folder: purchases, views and completions of ten offers assigned at random.

SOURCE holds portfolio, profile, transcript and contacts_with_response as Parquet. Documents: a plain fact sheet per
offer made from its own columns, and Harbor Bank's general wording and disclosure catalogue, dated back to the first
day of the set.
"""

from pathlib import Path

import duckdb

from rag.documents import DOCUMENTS_DIR
from tests.real_data.writing import main, write_remarks

STAND_INS = [
    "hour 0 is 2018-08-01 00:00 UTC; the offers are products of family other, valid from that day on",
    "margin 1.00 for every offer (their worth is not known, so they rank by response alone)",
    "channels: mobile -> push, web -> in_app, social dropped; a contact's channel is the first one its offer lists, a "
    "function of the offer, so its effect can't be estimated",
    "send_slot 1 and intensity medium for every contact (the data tells neither)",
    "action_probability 0.75 x 0.1, control 0.25 (offers were assigned at random); control rows are the waves in which "
    "a customer got no offer",
    "consent to the channels of the offers granted by everybody (the data records none)",
    "age 118 means not known; age and gender are protected",
    "an offer's name is its terms in words; Harbor Bank stands in as the sender, with its general wording",
]
FILES = ("portfolio", "profile", "transcript", "contacts_with_response")
FIRST_DAY = "2018-08-01"
CHANNELS = {"email": "email", "mobile": "push", "web": "in_app"}
GENERAL_DOCUMENTS = ("brand_voice_general.md", "disclosures.md")
_WORDS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 7: "Seven", 10: "Ten", 20: "Twenty"}
_NOT_APPLICABLE = (
    "dwelling_secured",
    "rate_type",
    "tiered",
    "stepped",
    "time_account",
    "maintenance_fee",
    "nondeposit",
    "hybrid",
)

TABLES = {
    "customers.csv": """
        select
            customer_id,
            strptime(cast(became_member_on as varchar), '%Y%m%d')::date as joined_on,
            nullif(income, 'nan'::double)::bigint as attr_income_usd,
            nullif(age, 118) as protected_age,
            gender as protected_gender
        from profile order by customer_id
    """,
    "products.csv": """
        select
            offer_id as product_id, name, 'other' as family, 1.00 as margin, $first_day as valid_from,
            mapped as channels, $not_applicable
        from offers order by offer_id
    """,
    "transactions/part-000.parquet": """
        select
            't' || event_no as transaction_id, customer_id, instant_of(time_h) as posted_at,
            cast(-amount as decimal(18, 2)) as amount, 'dining' as category, 'merchant' as counterparty_type
        from transcript where event = 'transaction' order by event_no
    """,
    "events/part-000.parquet": """
        select
            md5(concat_ws('|', customer_id, event, time_h, offer_id, reward)) as event_id, customer_id,
            instant_of(time_h) as occurred_at,
            if(event = 'offer viewed', 'product_viewed', 'offer_completed') as event_type, 'other' as topic,
            cast(null as varchar) as channel
        from transcript where event in ('offer viewed', 'offer completed') order by event_no
    """,
    "consents.csv": """
        select
            customer_id, channel, 'marketing' as purpose, 'granted' as status, $first_day as changed_at,
            'offer_channels' as source, 'Stand-in: the set records no consent.' as evidence_text
        from profile cross join (select distinct unnest(string_split(mapped, '|')) as channel from offers)
        order by customer_id, channel
    """,
    "contacts/part-000.parquet": """
        with sent as (
            select
                md5(concat_ws('|', customer_id, time_h)) as contact_id, customer_id, time_h, offer_id as product_id,
                string_split(mapped, '|')[1] as channel, 1 as send_slot, 'medium' as intensity,
                'treatment' as arm, 0.075::double as action_probability,
                case when viewed_then_completed = 1 then 'converted' when viewed = 1 then 'opened' else 'none' end
                    as response,
                case when viewed_then_completed = 1 then tc when viewed = 1 then tv end as responded_h
            from contacts_with_response inner join offers using (offer_id)
        ),
        held_back as (
            select md5(concat_ws('|', customer_id, time_h)) as contact_id, customer_id, time_h
            from profile cross join (select distinct time_h from contacts_with_response) as waves
            anti join sent using (customer_id, time_h)
        ),
        contacts as (
            select * from sent
            union all by name
            select *, 'control' as arm, 0.25::double as action_probability, 'none' as response from held_back
        )
        select
            contact_id, customer_id, instant_of(time_h) as sent_at, product_id, channel, send_slot, intensity, arm,
            action_probability, response, instant_of(responded_h) as responded_at
        from contacts order by time_h, customer_id
    """,
}


def adapt(source: Path, out: Path) -> list[str]:
    """Write ``source`` in the input contract and return its stand-ins.

    Raises
    ------
    FileNotFoundError
        If a file of the set is missing.
    """
    missing = [name for name in FILES if not (source / f"{name}.parquet").is_file()]
    if missing:
        raise FileNotFoundError(f"{source} lacks {', '.join(missing)} as Parquet; name the folder of the set")
    not_applicable = ", ".join(f"'not_applicable' as {column}" for column in _NOT_APPLICABLE)
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as con:
        con.execute("set TimeZone = 'UTC'")
        for name in FILES:
            con.execute(f"create view {name} as from '{source / name}.parquet'")
        con.execute(
            "create macro instant_of(hours) as "
            f"timestamptz '{FIRST_DAY} 00:00:00+00' + to_hours(cast(nullif(hours::double, 'nan'::double) as bigint))"
        )
        _create_offers(con)
        for name, query in TABLES.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            filled = query.replace("$first_day", f"date '{FIRST_DAY}'").replace("$not_applicable", not_applicable)
            con.execute(f"copy ({filled}) to '{path}'")
        offers = con.execute(
            "select offer_id, name, offer_type, reward, difficulty, duration, mapped from offers order by offer_id"
        ).fetchall()
    documents = out / "documents"
    documents.mkdir()
    for offer in offers:
        (documents / f"offer_{offer[0]}.md").write_text(fact_sheet(*offer), encoding="utf-8")
    for name in GENERAL_DOCUMENTS:
        text = (DOCUMENTS_DIR / name).read_text(encoding="utf-8")
        (documents / name).write_text(_dated_back(text), encoding="utf-8")
    write_remarks(STAND_INS, out)
    return STAND_INS


def _create_offers(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``offers``: the portfolio with a name and its mapped channels."""
    words = "map {" + ", ".join(f"{number}: '{word}'" for number, word in _WORDS.items()) + "}"
    mapped = " ".join(f"when '{channel}' then '{ours}'" for channel, ours in CHANNELS.items())
    con.execute(
        f"""
        create table offers as
        select
            *,
            if(
                offer_type = 'informational',
                {words}[duration] || '-Day Product News',
                {words}[reward] || ' for ' || {words}[difficulty] || ' in ' || {words}[duration] || ' Days'
            ) as name,
            array_to_string(
                list_filter(
                    list_transform(string_split(channels, ','), lambda channel: case channel {mapped} end),
                    lambda channel: channel is not null
                ),
                '|'
            ) as mapped
        from portfolio
        """
    )


def _dated_back(text: str) -> str:
    """Return a general document as valid from the set's first day, without lines that do not fit a shop's offers.

    Left out are greetings by name, for the set has no names, and lines about rates and about applying.
    """
    unfit = ("{first_name}", "rates", "apply", "stuck", "finish", "to start", "started")
    lines = [line for line in text.split("\n") if not any(word in line.lower() for word in unfit)]
    return "\n".join(f"valid_from: {FIRST_DAY}" if line.startswith("valid_from:") else line for line in lines)


def fact_sheet(
    offer_id: str, name: str, offer_type: str, reward: int, difficulty: int, duration: int, mapped: str
) -> str:
    """Return the Markdown of one offer, every fact of it a column of the portfolio."""
    is_news = offer_type == "informational"
    lines = _news_lines(name, duration) if is_news else _reward_lines(reward, difficulty, duration)
    sections = "".join(
        f"\n## Approved wording: {heading}\n\n" + "".join(f"- {line}\n" for line in said)
        for heading, said in lines.items()
    )
    return f"""---
doc_id: offer_{offer_id}
title: "{name}"
kind: product_sheet
product_ids: [{offer_id}]
jurisdictions: []
valid_from: {FIRST_DAY}
valid_to:
version: "1"
---

# {name}

## Facts

- Type: {offer_type}
- Reward: ${reward}
- Minimum spend: ${difficulty}
- Duration: {duration} days
- Channels: {mapped.replace("|", ", ")}
{sections}"""


def _reward_lines(reward: int, difficulty: int, duration: int) -> dict[str, tuple[str, ...]]:
    """Return the approved lines of an offer with a reward, by heading and its tags."""
    short = f"Spend ${difficulty} within {duration} days and you get a ${reward} reward."
    start = f"The {duration} days start when you receive the offer."
    return {
        "subjects | role: subject | channel: email": (
            f"A ${reward} reward when you spend ${difficulty} within {duration} days",
            f"Spend ${difficulty} within {duration} days, get a ${reward} reward",
        ),
        "greetings | role: greeting | channel: email": ("Hello,", "Good day,"),
        "openings | role: opening | channel: email": (
            "Here is a reward for you: {product_name}.",
            "This reward is yours to earn: {product_name}.",
        ),
        "short openings | role: opening | channel: push, in_app": (
            "There is a reward for you: {product_name}.",
            "A reward is open for you: {product_name}.",
        ),
        "terms | role: claim | channel: email": (f"{short} {start}",),
        "terms in short | role: claim | channel: in_app": (short,),
        "benefits | role: benefit | channel: email, in_app": (
            "Whether you use it is up to you.",
            "If it is not for you, just leave it.",
        ),
        **_links("reward"),
    }


def _news_lines(name: str, duration: int) -> dict[str, tuple[str, ...]]:
    """Return the approved lines of an offer without a reward, by heading and its tags."""
    return {
        "subjects | role: subject | channel: email": (
            f"{name}: have a look within {duration} days",
            f"Something new to look at, for {duration} days",
        ),
        "greetings | role: greeting | channel: email": ("Hello,", "Good day,"),
        "openings | role: opening | channel: email": (
            "There is something new to look at: {product_name}.",
            "{product_name} is out.",
        ),
        "short openings | role: opening | channel: push, in_app": (
            "{product_name} is out.",
            "Have you seen {product_name}?",
        ),
        "terms | role: claim | channel: email": (
            f"{name} has no reward and asks for no purchase. It is open for {duration} days.",
        ),
        "terms in short | role: claim | channel: in_app": (f"{name} is open for {duration} days.",),
        "benefits | role: benefit | channel: email, push, in_app": (
            "There is nothing to buy.",
            "It is there to read, nothing more.",
        ),
        **_links("news"),
    }


def _links(thing: str) -> dict[str, tuple[str, ...]]:
    """Return the lines that lead to the offer."""
    return {
        "calls to action | role: call_to_action | channel: email": (
            f"See the {thing} here: {{link}}",
            f"The {thing} is here: {{link}}",
        ),
        "calls to action in the app | role: call_to_action, terms_link | channel: in_app": (
            f"Full terms of the {thing}: {{link}}",
            f"See the {thing} and its full terms: {{link}}",
        ),
    }


if __name__ == "__main__":
    main(__doc__, adapt)
