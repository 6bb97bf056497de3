-- Step 9 (B-06): the instant to send at on the send date: the likeliest slot of the customer, a minute in it drawn by
-- hash so that sends spread out, moved where a candidate time zone is outside its window.
with picked as (
    select * exclude (drop_reason)
    from {{ ref('int_offers__arms') }}
    where drop_reason is null
),

customers as (
    select
        customer_id,
        zone_key,
        preferred_slot
    from {{ ref('int_offers__customers') }}
),

aimed as (
    select
        picked.*,
        customers.zone_key,
        customers.preferred_slot * 180
        + {{ stable_bucket(["'send_minute'", "cast(" ~ as_of_date() ~ " as varchar)", 'picked.customer_id'], 180) }}
            as minute_of_day
    from picked
    inner join customers on picked.customer_id = customers.customer_id
)

select
    aimed.* exclude (zone_key, minute_of_day),
    zones.reference_zone as time_zone,
    minutes.send_slot,
    minutes.send_at,
    case when minutes.send_at is null then 'quiet_hours' end as drop_reason
from aimed
inner join {{ ref('int_offers__time_zones') }} as zones on aimed.zone_key = zones.zone_key
inner join {{ ref('int_offers__send_minutes') }} as minutes
    on aimed.zone_key = minutes.zone_key and aimed.minute_of_day = minutes.minute_of_day
