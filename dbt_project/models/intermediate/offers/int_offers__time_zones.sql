-- The time zones that may be a customer's, for every combination of stated zone and state among the customers: the
-- stated one and all of the state's (B-06: a state is split, Arizona's Navajo Nation keeps summer time). Slots are
-- read on the stated zone, else the state's main one, else the bank's.
with combinations as (
    select distinct
        zone_key,
        time_zone,
        state
    from {{ ref('int_offers__customers') }}
),

state_zones as (
    {{ in_force(ref('policy_state_time_zones'), send_date()) }}
),

zones as (
    select
        combinations.zone_key,
        combinations.time_zone,
        combinations.state,
        list(state_zones.time_zone order by state_zones.zone_rank) filter (where state_zones.time_zone is not null)
            as zones_of_state
    from combinations
    left join state_zones on combinations.state = state_zones.state
    group by combinations.zone_key, combinations.time_zone, combinations.state
)

select
    zone_key,
    state,
    coalesce(time_zone, zones_of_state[1], '{{ var("bank_timezone") }}') as reference_zone,
    time_zone is not null or zones_of_state is not null as is_zone_known,
    case
        when time_zone is null and zones_of_state is null then ['{{ var("bank_timezone") }}']
        when time_zone is null then list_sort(zones_of_state)
        else list_sort(list_distinct(list_prepend(time_zone, coalesce(zones_of_state, []))))
    end as candidate_zones
from zones
