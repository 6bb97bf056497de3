{%- set channels = ['email', 'sms', 'push', 'in_app', 'mail'] -%}
with days as (
    select * from {{ ref('int_customers__contact_days') }}
),

contact_days as (
    select *
    from days
    where contact_count > 0
),

snapshot_days as (
    {{ snapshot_days(90) }}
),

windowed as (
    select
        days.customer_id,
        snapshot_days.as_of_date
        {%- for window in [30, 90] %},
        {{ sum_in_days('contact_count', window) }} as contacts_{{ window }}d,
        {{ sum_in_days('response_count', window) }} as responses_{{ window }}d
        {%- endfor %},
        {{ sum_in_days('open_count', 90) }} as opens_90d
        {%- for channel in channels %},
        {{ sum_in_days('contacts_' ~ channel ~ '_count', 90) }} as contacts_{{ channel }}_90d,
        {{ sum_in_days('responses_' ~ channel ~ '_count', 90) }} as responses_{{ channel }}_90d
        {%- endfor %}
    from days
    inner join snapshot_days on days.activity_date = snapshot_days.activity_date
    group by days.customer_id, snapshot_days.as_of_date
),

last_days as (
    select
        spine.customer_id,
        spine.as_of_date,
        contact_days.activity_date as last_contact_on
    from {{ ref('int_customers__spine') }} as spine
    asof inner join contact_days
        on spine.customer_id = contact_days.customer_id and spine.as_of_date >= contact_days.activity_date
)

select
    last_days.customer_id,
    last_days.as_of_date
    {%- for measure in ['contacts', 'responses'] %}
    {%- for window in [30, 90] %},
    coalesce(windowed.{{ measure }}_{{ window }}d, 0) as {{ measure }}_{{ window }}d
    {%- endfor %}
    {%- endfor %},
    coalesce(windowed.opens_90d, 0) as opens_90d
    {%- for measure in ['contacts', 'responses'] %}
    {%- for channel in channels %},
    coalesce(windowed.{{ measure }}_{{ channel }}_90d, 0) as {{ measure }}_{{ channel }}_90d
    {%- endfor %}
    {%- endfor %},
    cast(last_days.as_of_date - last_days.last_contact_on as integer) as days_since_last_contact
from last_days
left join windowed on last_days.customer_id = windowed.customer_id and last_days.as_of_date = windowed.as_of_date
