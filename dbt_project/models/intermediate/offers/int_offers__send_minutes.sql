-- For every combination of stated zone and state, and every minute of the four slots on the send date: the minute to
-- send at instead. It is the same one where all candidate zones are inside their window; else the nearest of the
-- slot that is; else the first of a later slot; else none. Local times become instants through timezone(), so that
-- summer time holds on the day itself.
with zones as (
    select * from {{ ref('int_offers__time_zones') }}
),

quiet_hours as (
    {{ in_force(ref('policy_quiet_hours'), send_date()) }}
),

general_hours as (
    select
        opens_at,
        closes_at
    from quiet_hours
    where state = 'all'
),

hours as (
    -- the state's own hours, else those for all
    select
        zones.zone_key,
        coalesce(own.opens_at, general_hours.opens_at) as opens_at,
        coalesce(own.closes_at, general_hours.closes_at) as closes_at
    from zones
    cross join general_hours
    left join quiet_hours as own on zones.state = own.state
),

minutes as (
    -- slots 0..3 are three hours each from 08:00 local
    select
        zones.zone_key,
        cast(grid.minute_of_day as integer) as minute_of_day,
        cast(grid.minute_of_day // 180 as integer) as send_slot,
        timezone(
            zones.reference_zone,
            cast({{ send_date() }} as timestamp) + to_minutes(480 + grid.minute_of_day)
        ) as send_at
    from zones
    cross join range(720) as grid (minute_of_day)
),

candidates as (
    select
        zone_key,
        unnest(candidate_zones) as zone_name
    from zones
),

judged as (
    select
        minutes.zone_key,
        minutes.minute_of_day,
        minutes.send_slot,
        minutes.send_at,
        bool_and(
            cast(timezone(candidates.zone_name, minutes.send_at) as time) >= hours.opens_at
            and cast(timezone(candidates.zone_name, minutes.send_at) as time) < hours.closes_at
        ) as is_admissible
    from minutes
    inner join hours on minutes.zone_key = hours.zone_key
    inner join candidates on minutes.zone_key = candidates.zone_key
    group by minutes.zone_key, minutes.minute_of_day, minutes.send_slot, minutes.send_at
),

neighbours as (
    select
        zone_key,
        minute_of_day,
        send_slot,
        max(case when is_admissible then minute_of_day end) over (
            partition by zone_key, send_slot
            order by minute_of_day
            rows between unbounded preceding and current row
        ) as earlier_in_slot,
        min(case when is_admissible then minute_of_day end) over (
            partition by zone_key
            order by minute_of_day
            rows between current row and unbounded following
        ) as later_that_day
    from judged
),

resolved as (
    select
        zone_key,
        minute_of_day,
        -- nights are hours longer than a slot: an inadmissible minute has admissible ones of its slot on one side only
        coalesce(earlier_in_slot, later_that_day) as send_minute
    from neighbours
)

select
    resolved.zone_key,
    resolved.minute_of_day,
    judged.send_slot,
    judged.send_at
from resolved
left join judged
    on resolved.zone_key = judged.zone_key and resolved.send_minute = judged.minute_of_day
