with used as (
    select
        'transactions.category' as field,
        category as value,
        count(*) as row_count
    from {{ ref('int_transactions__as_known') }}
    group by category
    union all
    select
        'events.event_type' as field,
        event_type as value,
        count(*) as row_count
    from {{ ref('int_events__as_known') }}
    where not is_reserved
    group by event_type
    union all
    select
        'events.topic' as field,
        topic as value,
        count(*) as row_count
    from {{ ref('int_events__as_known') }}
    where not is_reserved and topic is not null
    group by topic
),

listed as (
    select
        'transactions.category' as field,
        category as value
    from {{ ref('seed_transaction_categories') }}
    union all
    select
        'events.event_type' as field,
        event_type as value
    from {{ ref('seed_event_types') }}
    union all
    select
        'events.topic' as field,
        topic as value
    from {{ ref('seed_event_topics') }}
)

select
    used.field,
    coalesce(used.value, '(empty)') as value,
    cast(used.row_count as integer) as row_count
from used
left join listed on used.field = listed.field and used.value = listed.value
where listed.value is null
