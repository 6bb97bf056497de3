{#- Each step of a contact counts on its own day: a snapshot between sending and answer sees the sending only. -#}
{%- set channels = ['email', 'sms', 'push', 'in_app', 'mail'] -%}
with contacts as (
    select
        customer_id,
        channel,
        sent_on,
        {{ bank_date('opened_at') }} as opened_on,
        {{ bank_date('answered_at') }} as answered_on
    from {{ ref('int_contacts__as_known') }}
    where arm = 'treatment'
),

steps as (
    select
        customer_id,
        channel,
        sent_on as activity_date,
        'sent' as step
    from contacts
    union all
    select
        customer_id,
        channel,
        opened_on as activity_date,
        'opened' as step
    from contacts
    union all
    select
        customer_id,
        channel,
        answered_on as activity_date,
        'answered' as step
    from contacts
)

select
    customer_id,
    activity_date,
    cast(count(*) filter (where step = 'sent') as integer) as contact_count,
    cast(count(*) filter (where step = 'opened') as integer) as open_count,
    cast(count(*) filter (where step = 'answered') as integer) as response_count
    {%- for channel in channels %},
    cast(count(*) filter (where step = 'sent' and channel = '{{ channel }}') as integer)
        as contacts_{{ channel }}_count,
    cast(count(*) filter (where step = 'answered' and channel = '{{ channel }}') as integer)
        as responses_{{ channel }}_count
    {%- endfor %}
from steps
-- A step that was not reached has no day.
where activity_date <= {{ as_of_date() }}
group by customer_id, activity_date
