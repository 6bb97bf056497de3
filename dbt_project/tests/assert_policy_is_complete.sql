{{ config(meta={'dagster': {'ref': {'name': 'policy_thresholds'}}}) }}
-- What must be in force on the send date for a night to be decided at all; an absent row would silently drop or let
-- pass candidates.
with required as (
    select
        'policy_thresholds' as seed_name,
        unnest([
            'minimum_priority', 'least_marketing_age', 'value_without_margin', 'household_members_per_product'
        ]) as key
    union all
    select
        'policy_quiet_hours' as seed_name,
        'all' as key
    union all
    select
        'policy_cool_downs' as seed_name,
        unnest(['send', 'household_send', 'decline', 'purchase']) as key
    union all
    select
        'policy_suppression_rules' as seed_name,
        unnest([
            'deceased', 'bankruptcy', 'fraud_alert', 'complaint_opened', 'dispute_opened', 'hardship_started',
            'opted_out', 'do_not_contact'
        ]) as key
    union all
    select
        'policy_contact_caps' as seed_name,
        'all' as key
),

present as (
    select
        'policy_thresholds' as seed_name,
        name as key
    from ({{ in_force(ref('policy_thresholds'), send_date()) }}) as thresholds
    union all
    select
        'policy_quiet_hours' as seed_name,
        state as key
    from ({{ in_force(ref('policy_quiet_hours'), send_date()) }}) as quiet_hours
    union all
    select
        'policy_cool_downs' as seed_name,
        trigger as key
    from ({{ in_force(ref('policy_cool_downs'), send_date()) }}) as cool_downs
    union all
    select
        'policy_suppression_rules' as seed_name,
        event_type as key
    from ({{ in_force(ref('policy_suppression_rules'), send_date()) }}) as suppression_rules
    union all
    select
        'policy_contact_caps' as seed_name,
        channel as key
    from ({{ in_force(ref('policy_contact_caps'), send_date()) }}) as contact_caps
)

select required.*
from required
left join present on required.seed_name = present.seed_name and required.key = present.key
where present.key is null
