-- Step 6 (B-14, B-06): frequency caps, product cool-downs, and no text message into an unknown time zone.
-- A window of 7 days holds the send date and the six days before it: with a cap of 1, a message sent seven days ago
-- no longer counts. One message a night is the arms' doing.
-- A household is not offered the same product twice: what one member got rests for the others, and of those who could
-- get it tonight a few are drawn by hash. The draw comes before the arms and knows nothing of them, so no member's pick
-- silences another's and the arms' probabilities stay as stated.
with candidates as (
    select
        customer_id,
        product_id,
        channel,
        propensity,
        uplift
    from {{ ref('int_offers__suppression') }}
    where drop_reason is null
),

sends as (
    select * from {{ ref('int_offers__recent_sends') }}
),

channels as (
    {{ in_force(ref('policy_channels'), send_date()) }}
),

caps as (
    {{ in_force(ref('policy_contact_caps'), send_date()) }}
),

cool_downs as (
    {{ in_force(ref('policy_cool_downs'), send_date()) }}
),

zones as (
    select
        customers.customer_id,
        customers.household_id,
        windows.is_zone_known
    from {{ ref('int_offers__customers') }} as customers
    inner join {{ ref('int_offers__time_zones') }} as windows on customers.zone_key = windows.zone_key
),

reached as (
    select
        sends.customer_id,
        caps.channel,
        caps.drop_reason
    from sends
    inner join caps on caps.channel in ('all', sends.channel)
    where sends.sent_on > {{ send_date() }} - caps.window_days
    group by sends.customer_id, caps.channel, caps.window_days, caps.max_contacts, caps.drop_reason
    having count(*) >= caps.max_contacts
),

reached_by_channel as (
    select
        reached.customer_id,
        channels.channel,
        -- the narrowest statement wins: the channel's own cap before the one over all channels
        min_by(reached.drop_reason, (reached.channel = 'all', reached.drop_reason)) as drop_reason
    from reached
    inner join channels on reached.channel in ('all', channels.channel)
    group by reached.customer_id, channels.channel
),

occasions as (
    select
        customer_id,
        product_id,
        'send' as trigger,
        sent_on as happened_on
    from sends
    union all
    select
        customer_id,
        product_id,
        'decline' as trigger,
        sent_on as happened_on
    from sends
    where response = 'opted_out'
    union all
    select
        customer_id,
        product_id,
        'purchase' as trigger,
        opened_on as happened_on
    from {{ ref('int_holdings__as_known') }}
    where opened_on <= {{ as_of_date() }}
    union all
    select
        others.customer_id,
        sends.product_id,
        'household_send' as trigger,
        sends.sent_on as happened_on
    from sends
    inner join zones as senders on sends.customer_id = senders.customer_id
    inner join zones as others
        on senders.household_id = others.household_id and senders.customer_id != others.customer_id
),

cooling as (
    select
        occasions.customer_id,
        occasions.product_id,
        -- the longest pause is the one told
        max_by(cool_downs.drop_reason, (cool_downs.days, cool_downs.trigger)) as drop_reason
    from occasions
    inner join cool_downs on occasions.trigger = cool_downs.trigger
    where occasions.happened_on > {{ send_date() }} - cool_downs.days
    group by occasions.customer_id, occasions.product_id
),

judged as (
    select
        candidates.customer_id,
        candidates.product_id,
        candidates.channel,
        candidates.propensity,
        candidates.uplift,
        -- who lives alone is a household
        coalesce(zones.household_id, candidates.customer_id) as household_id,
        case
            when channels.needs_known_time_zone and not zones.is_zone_known then 'time_zone_unknown'
            else coalesce(reached_by_channel.drop_reason, cooling.drop_reason)
        end as drop_reason
    from candidates
    inner join channels on candidates.channel = channels.channel
    inner join zones on candidates.customer_id = zones.customer_id
    left join reached_by_channel
        on
            candidates.customer_id = reached_by_channel.customer_id
            and candidates.channel = reached_by_channel.channel
    left join cooling
        on candidates.customer_id = cooling.customer_id and candidates.product_id = cooling.product_id
),

members as (
    select distinct
        household_id,
        customer_id,
        product_id
    from judged
    where drop_reason is null
),

turns as (
    select
        customer_id,
        product_id,
        row_number() over (
            partition by household_id, product_id
            order by
                md5(concat_ws('|', cast({{ as_of_date() }} as varchar), product_id, customer_id)) asc,
                customer_id asc
        ) as turn_number
    from members
)

select
    judged.customer_id,
    judged.product_id,
    judged.channel,
    judged.propensity,
    judged.uplift,
    coalesce(
        judged.drop_reason,
        case
            when turns.turn_number > {{ threshold('household_members_per_product') }} then 'household_turn_of_another'
        end
    ) as drop_reason
from judged
left join turns on judged.customer_id = turns.customer_id and judged.product_id = turns.product_id
