{#- Sums of integers and decimals only, so that a night gives the same bytes on any number of threads. -#}
{%- set spending_groups = ['housing', 'essentials', 'discretionary', 'transfer', 'fees'] -%}
{%- set topics = ['deposit', 'card', 'loan', 'mortgage', 'investment', 'insurance', 'other'] -%}
{%- set channels = ['email', 'sms', 'push', 'in_app', 'mail'] -%}
{%- set counts = ['txn_count', 'outflow_count', 'app_event_count', 'high_intent_count'] -%}
{%- set contact_counts = ['contact_count', 'open_count', 'response_count'] -%}
with transactions as (
    select
        moves.customer_id,
        moves.posted_on,
        moves.amount_usd,
        coalesce(categories.category_group, 'other') as category_group
    from {{ ref('int_transactions__as_known') }} as moves
    left join {{ ref('seed_transaction_categories') }} as categories on moves.category = categories.category
    where moves.posted_on <= {{ as_of_date() }}
),

events as (
    select
        happenings.customer_id,
        happenings.occurred_on,
        coalesce(event_types.is_high_intent, false) as is_high_intent,
        -- No topic at all is no signal; a topic nobody listed is one of the kind "other".
        case
            when happenings.topic is null then 'none'
            else coalesce(event_topics.topic_group, 'other')
        end as topic_group
    from {{ ref('int_events__as_known') }} as happenings
    left join {{ ref('seed_event_types') }} as event_types on happenings.event_type = event_types.event_type
    left join {{ ref('seed_event_topics') }} as event_topics on happenings.topic = event_topics.topic
    where not happenings.is_reserved and happenings.occurred_on <= {{ as_of_date() }}
),

contacts as (
    select
        customer_id,
        channel,
        sent_on,
        {{ bank_date('opened_at') }} as opened_on,
        {{ bank_date('answered_at') }} as answered_on
    from {{ ref('int_contacts__as_known') }}
    where arm = 'treatment'
),

transaction_days as (
    select
        customer_id,
        posted_on as activity_date,
        count(*) as txn_count,
        count(*) filter (where amount_usd < 0) as outflow_count,
        sum(amount_usd) filter (where amount_usd > 0) as inflow_usd,
        -sum(amount_usd) filter (where amount_usd < 0) as outflow_usd,
        -min(amount_usd) filter (where amount_usd < 0) as max_outflow_usd,
        sum(amount_usd) filter (where amount_usd > 0 and category_group = 'income') as income_usd
        {%- for group in spending_groups %},
        -sum(amount_usd) filter (where amount_usd < 0 and category_group = '{{ group }}') as {{ group }}_usd
        {%- endfor %}
    from transactions
    group by customer_id, posted_on
),

event_days as (
    select
        customer_id,
        occurred_on as activity_date,
        count(*) as app_event_count,
        count(*) filter (where is_high_intent) as high_intent_count
        {%- for topic in topics %},
        count(*) filter (where topic_group = '{{ topic }}') as topic_{{ topic }}_count
        {%- endfor %}
    from events
    group by customer_id, occurred_on
),

contact_steps as (
    select customer_id, channel, sent_on as activity_date, 'sent' as step from contacts
    union all
    select customer_id, channel, opened_on as activity_date, 'opened' as step from contacts where opened_on is not null
    union all
    select customer_id, channel, answered_on as activity_date, 'answered' as step from contacts where answered_on is not null
),

contact_days as (
    select
        customer_id,
        activity_date,
        count(*) filter (where step = 'sent') as contact_count,
        count(*) filter (where step = 'opened') as open_count,
        count(*) filter (where step = 'answered') as response_count
        {%- for channel in channels %},
        count(*) filter (where step = 'sent' and channel = '{{ channel }}') as contacts_{{ channel }}_count,
        count(*) filter (where step = 'answered' and channel = '{{ channel }}') as responses_{{ channel }}_count
        {%- endfor %}
    from contact_steps
    where activity_date <= {{ as_of_date() }}
    group by customer_id, activity_date
),

stacked as (
    select * from transaction_days
    union all by name
    select * from event_days
    union all by name
    select * from contact_days
)

select
    customer_id,
    activity_date
    {%- for column in counts %},
    cast(coalesce(sum({{ column }}), 0) as integer) as {{ column }}
    {%- endfor %}
    {%- for column in ['inflow_usd', 'outflow_usd', 'income_usd'] %},
    cast(coalesce(sum({{ column }}), 0) as decimal(18, 2)) as {{ column }}
    {%- endfor %}
    {%- for group in spending_groups %},
    cast(coalesce(sum({{ group }}_usd), 0) as decimal(18, 2)) as {{ group }}_usd
    {%- endfor %},
    cast(coalesce(max(max_outflow_usd), 0) as decimal(18, 2)) as max_outflow_usd
    {%- for topic in topics %},
    cast(coalesce(sum(topic_{{ topic }}_count), 0) as integer) as topic_{{ topic }}_count
    {%- endfor %}
    {%- for column in contact_counts %},
    cast(coalesce(sum({{ column }}), 0) as integer) as {{ column }}
    {%- endfor %}
    {%- for channel in channels %},
    cast(coalesce(sum(contacts_{{ channel }}_count), 0) as integer) as contacts_{{ channel }}_count,
    cast(coalesce(sum(responses_{{ channel }}_count), 0) as integer) as responses_{{ channel }}_count
    {%- endfor %}
from stacked
group by customer_id, activity_date
