{%- set weeks = var('features_max_weeks') -%}
{%- set topics = ['deposit', 'card', 'loan', 'mortgage', 'investment', 'insurance', 'other'] -%}
{%- set counts = ['txn_count', 'app_event_count', 'high_intent_count', 'contact_count', 'response_count'] -%}
{%- set money = ['inflow_usd', 'outflow_usd'] -%}
with spine as (
    select * from {{ ref('int_customers__spine') }}
),

snapshots as (
    select * from {{ ref('int_calendar__snapshots') }}
),

customers as (
    select customer_id, joined_on from {{ ref('int_customers__as_known') }}
),

days as (
    select * from {{ ref('int_customers__days') }}
),

snapshot_days as (
    select
        snapshots.as_of_date,
        snapshots.as_of_date - offsets.days_ago as activity_date,
        -- Position in the list: the last one holds the 7 days that end with the snapshot.
        {{ weeks }} - 1 - offsets.days_ago // 7 as week_position
    from snapshots
    cross join (select cast(unnest(range(7 * {{ weeks }})) as integer) as days_ago) as offsets
),

active_weeks as (
    select
        days.customer_id,
        snapshot_days.as_of_date,
        snapshot_days.week_position
        {%- for column in counts %},
        cast(sum(days.{{ column }}) as integer) as {{ column }}
        {%- endfor %}
        {%- for topic in topics %},
        cast(sum(days.topic_{{ topic }}_count) as integer) as topic_{{ topic }}
        {%- endfor %}
        {%- for column in money %},
        cast(sum(days.{{ column }}) as decimal(18, 2)) as {{ column }}
        {%- endfor %}
    from days
    inner join snapshot_days on days.activity_date = snapshot_days.activity_date
    group by days.customer_id, snapshot_days.as_of_date, snapshot_days.week_position
),

all_weeks as (
    select
        spine.customer_id,
        spine.as_of_date,
        positions.week_position
    from spine
    cross join (select cast(unnest(range({{ weeks }})) as integer) as week_position) as positions
),

filled as (
    select
        all_weeks.customer_id,
        all_weeks.as_of_date,
        list(struct_pack(
            week_position := all_weeks.week_position
            {%- for column in counts %},
            {{ column }} := coalesce(active_weeks.{{ column }}, 0)
            {%- endfor %}
            {%- for topic in topics %},
            topic_{{ topic }} := coalesce(active_weeks.topic_{{ topic }}, 0)
            {%- endfor %}
            {%- for column in money %},
            {{ column }} := cast(coalesce(active_weeks.{{ column }}, 0) as double)
            {%- endfor %}
        ) order by all_weeks.week_position) as weeks
    from all_weeks
    left join active_weeks
        on
            all_weeks.customer_id = active_weeks.customer_id
            and all_weeks.as_of_date = active_weeks.as_of_date
            and all_weeks.week_position = active_weeks.week_position
    group by all_weeks.customer_id, all_weeks.as_of_date
)

select
    filled.customer_id,
    filled.as_of_date,
    -- Weeks of the list that the history and the relationship reach into; the positions before them are padding.
    cast(coalesce(least(
        {{ weeks }}, ceil((filled.as_of_date - greatest(snapshots.history_from, customers.joined_on) + 1) / 7.0)
    ), 0) as integer) as observed_weeks
    {%- for column in ['txn_count', 'inflow_usd', 'outflow_usd', 'app_event_count', 'high_intent_count'] %},
    list_transform(filled.weeks, lambda week: week.{{ column }}) as {{ column }}
    {%- endfor %}
    {%- for topic in topics %},
    list_transform(filled.weeks, lambda week: week.topic_{{ topic }}) as topic_{{ topic }}
    {%- endfor %},
    list_transform(filled.weeks, lambda week: week.contact_count) as contact_count,
    list_transform(filled.weeks, lambda week: week.response_count) as response_count
from filled
inner join snapshots on filled.as_of_date = snapshots.as_of_date
inner join customers on filled.customer_id = customers.customer_id
