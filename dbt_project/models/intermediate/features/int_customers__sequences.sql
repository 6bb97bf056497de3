{%- set weeks = var('features_max_weeks') -%}
{%- set topics = ['deposit', 'card', 'loan', 'mortgage', 'investment', 'insurance', 'other'] -%}
{%- set signals = {
    'transaction': ['txn_count', 'inflow_usd', 'outflow_usd'],
    'event': ['app_event_count', 'high_intent_count'],
    'contact': ['contact_count', 'response_count']
} -%}
{%- for topic in topics -%}
    {%- do signals['event'].append('topic_' ~ topic) -%}
{%- endfor -%}
with snapshot_weeks as (
    -- Position in the list, from 1: the last one holds the 7 days that end with the snapshot.
    select
        as_of_date,
        activity_date,
        {{ weeks }} - days_ago // 7 as week_position
    from ({{ snapshot_days(7 * weeks) }}) as window_days
),

transaction_weeks as (
    select
        days.customer_id,
        snapshot_weeks.as_of_date,
        snapshot_weeks.week_position,
        cast(sum(days.txn_count) as integer) as txn_count,
        {{ money('sum(days.inflow_usd)') }} as inflow_usd,
        {{ money('sum(days.outflow_usd)') }} as outflow_usd
    from {{ ref('int_customers__transaction_days') }} as days
    inner join snapshot_weeks on days.activity_date = snapshot_weeks.activity_date
    group by days.customer_id, snapshot_weeks.as_of_date, snapshot_weeks.week_position
),

event_weeks as (
    select
        days.customer_id,
        snapshot_weeks.as_of_date,
        snapshot_weeks.week_position,
        cast(sum(days.app_event_count) as integer) as app_event_count,
        cast(sum(days.high_intent_count) as integer) as high_intent_count
        {%- for topic in topics %},
        cast(sum(days.topic_{{ topic }}_count) as integer) as topic_{{ topic }}
        {%- endfor %}
    from {{ ref('int_customers__event_days') }} as days
    inner join snapshot_weeks on days.activity_date = snapshot_weeks.activity_date
    group by days.customer_id, snapshot_weeks.as_of_date, snapshot_weeks.week_position
),

contact_weeks as (
    select
        days.customer_id,
        snapshot_weeks.as_of_date,
        snapshot_weeks.week_position,
        cast(sum(days.contact_count) as integer) as contact_count,
        cast(sum(days.response_count) as integer) as response_count
    from {{ ref('int_customers__contact_days') }} as days
    inner join snapshot_weeks on days.activity_date = snapshot_weeks.activity_date
    group by days.customer_id, snapshot_weeks.as_of_date, snapshot_weeks.week_position
),

-- Only weeks with activity are listed, in any order: each element carries its position and is placed by it below.
{%- for stream in ['transaction', 'event', 'contact'] %}
{{ stream }}_lists as (
    select
        customer_id,
        as_of_date,
        list(struct_pack(
            week_position := week_position
            {%- for signal in signals[stream] %},
            {{ signal }} := {{ signal }}
            {%- endfor %}
        )) as active_weeks
    from {{ stream }}_weeks
    group by customer_id, as_of_date
),
{% endfor %}
placed as (
    select
        spine.customer_id,
        spine.as_of_date,
        transaction_lists.active_weeks as transaction_weeks,
        event_lists.active_weeks as event_weeks,
        contact_lists.active_weeks as contact_weeks,
        {{ places_of_weeks('transaction_lists.active_weeks', weeks) }} as transaction_places,
        {{ places_of_weeks('event_lists.active_weeks', weeks) }} as event_places,
        {{ places_of_weeks('contact_lists.active_weeks', weeks) }} as contact_places
    from {{ ref('int_customers__spine') }} as spine
    left join transaction_lists
        on spine.customer_id = transaction_lists.customer_id and spine.as_of_date = transaction_lists.as_of_date
    left join event_lists on spine.customer_id = event_lists.customer_id and spine.as_of_date = event_lists.as_of_date
    left join contact_lists
        on spine.customer_id = contact_lists.customer_id and spine.as_of_date = contact_lists.as_of_date
)

select
    placed.customer_id,
    placed.as_of_date,
    -- Weeks of the list that the history and the relationship reach into; the positions before them are padding.
    cast(case
        when snapshots.history_from is null then 0
        else greatest(0, least(
            {{ weeks }}, ceil((placed.as_of_date - greatest(snapshots.history_from, customers.joined_on) + 1) / 7.0)
        ))
    end as integer) as observed_weeks,
    {{ weekly_values('transaction', 'txn_count') }} as txn_count,
    {{ weekly_values('transaction', 'inflow_usd', 'double') }} as inflow_usd,
    {{ weekly_values('transaction', 'outflow_usd', 'double') }} as outflow_usd,
    {{ weekly_values('event', 'app_event_count') }} as app_event_count,
    {{ weekly_values('event', 'high_intent_count') }} as high_intent_count
    {%- for topic in topics %},
    {{ weekly_values('event', 'topic_' ~ topic) }} as topic_{{ topic }}
    {%- endfor %},
    {{ weekly_values('contact', 'contact_count') }} as contact_count,
    {{ weekly_values('contact', 'response_count') }} as response_count
from placed
inner join {{ ref('int_calendar__snapshots') }} as snapshots on placed.as_of_date = snapshots.as_of_date
inner join {{ ref('int_customers__as_known') }} as customers on placed.customer_id = customers.customer_id
