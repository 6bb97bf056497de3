{%- set topics = ['deposit', 'card', 'loan', 'mortgage', 'investment', 'insurance', 'other'] -%}
with days as (
    select * from {{ ref('int_customers__event_days') }}
),

snapshot_days as (
    {{ snapshot_days(90) }}
),

windowed as (
    select
        days.customer_id,
        snapshot_days.as_of_date
        {%- for window in [7, 30, 90] %},
        {{ sum_in_days('app_event_count', window) }} as app_event_count_{{ window }}d,
        {{ sum_in_days('high_intent_count', window) }} as high_intent_events_{{ window }}d
        {%- endfor %}
        {%- for topic in topics %}
        {%- for window in [30, 90] %},
        {{ sum_in_days('topic_' ~ topic ~ '_count', window) }} as topic_{{ topic }}_events_{{ window }}d
        {%- endfor %}
        {%- endfor %}
    from days
    inner join snapshot_days on days.activity_date = snapshot_days.activity_date
    group by days.customer_id, snapshot_days.as_of_date
),

last_days as (
    select
        spine.customer_id,
        spine.as_of_date,
        days.activity_date as last_event_on
    from {{ ref('int_customers__spine') }} as spine
    asof inner join days
        on spine.customer_id = days.customer_id and spine.as_of_date >= days.activity_date
)

select
    last_days.customer_id,
    last_days.as_of_date
    {%- for window in [7, 30, 90] %},
    coalesce(windowed.app_event_count_{{ window }}d, 0) as app_event_count_{{ window }}d
    {%- endfor %},
    cast(last_days.as_of_date - last_days.last_event_on as integer) as days_since_last_event
    {%- for window in [7, 30, 90] %},
    coalesce(windowed.high_intent_events_{{ window }}d, 0) as high_intent_events_{{ window }}d
    {%- endfor %}
    {%- for topic in topics %}
    {%- for window in [30, 90] %},
    coalesce(windowed.topic_{{ topic }}_events_{{ window }}d, 0) as topic_{{ topic }}_events_{{ window }}d
    {%- endfor %}
    {%- endfor %}
from last_days
left join windowed on last_days.customer_id = windowed.customer_id and last_days.as_of_date = windowed.as_of_date
