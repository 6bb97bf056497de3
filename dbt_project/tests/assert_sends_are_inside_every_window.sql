{{ config(meta={'dagster': {'ref': {'name': 'fct_offer_decisions'}}}) }}
-- B-06, checked on the result and not by the model that chose it: every send of the night is on the send date of its
-- own clock, in the slot it names, and inside the hours in force in every zone that may be the customer's.
with sends as (
    select
        decision_id,
        customer_id,
        send_at,
        send_slot,
        timezone as time_zone
    from {{ ref('fct_offer_decisions') }}
    where as_of_date = {{ as_of_date() }} and outcome = 'send'
),

customers as (
    select
        customer_id,
        state
    from {{ ref('int_customers__as_known') }}
),

state_zones as (
    {{ in_force(ref('policy_state_time_zones'), send_date()) }}
),

quiet_hours as (
    {{ in_force(ref('policy_quiet_hours'), send_date()) }}
),

zones as (
    select
        decision_id,
        time_zone
    from sends
    union
    select
        sends.decision_id,
        state_zones.time_zone
    from sends
    inner join customers on sends.customer_id = customers.customer_id
    inner join state_zones on customers.state = state_zones.state
),

judged as (
    select
        sends.decision_id,
        zones.time_zone,
        cast(timezone(zones.time_zone, sends.send_at) as time) as local_time,
        coalesce(own.opens_at, house.opens_at) as opens_at,
        coalesce(own.closes_at, house.closes_at) as closes_at,
        cast(timezone(sends.time_zone, sends.send_at) as date) as local_date,
        (hour(timezone(sends.time_zone, sends.send_at)) - 8) // 3 as local_slot,
        sends.send_slot
    from sends
    inner join zones on sends.decision_id = zones.decision_id
    inner join customers on sends.customer_id = customers.customer_id
    left join quiet_hours as house on house.state = 'all'
    left join quiet_hours as own on customers.state = own.state
)

select *
from judged
where
    coalesce(local_time < opens_at or local_time >= closes_at, true)
    or local_date != {{ send_date() }}
    or local_slot != send_slot
