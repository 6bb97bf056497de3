{%- set topics = ['deposit', 'card', 'loan', 'mortgage', 'investment', 'insurance', 'other'] -%}
with events as (
    select
        happened.customer_id,
        happened.occurred_on,
        coalesce(event_types.is_high_intent, false) as is_high_intent,
        -- No topic at all is no signal; a topic nobody listed is one of the kind "other".
        case
            when happened.topic is null then 'none'
            else coalesce(event_topics.topic_group, 'other')
        end as topic_group
    from {{ ref('int_events__as_known') }} as happened
    left join {{ ref('seed_event_types') }} as event_types on happened.event_type = event_types.event_type
    left join {{ ref('seed_event_topics') }} as event_topics on happened.topic = event_topics.topic
    where not happened.is_reserved and happened.occurred_on <= {{ as_of_date() }}
)

select
    customer_id,
    occurred_on as activity_date,
    cast(count(*) as integer) as app_event_count,
    cast(count(*) filter (where is_high_intent) as integer) as high_intent_count
    {%- for topic in topics %},
    cast(count(*) filter (where topic_group = '{{ topic }}') as integer) as topic_{{ topic }}_count
    {%- endfor %}
from events
group by customer_id, occurred_on
