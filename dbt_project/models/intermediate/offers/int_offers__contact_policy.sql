-- Step 6 (B-14, B-06): frequency caps, product cool-downs, and no text message into an unknown time zone.
-- A window of 7 days holds the send date and the six days before it: with a cap of 1, a message sent seven days ago
-- no longer counts. One message a night is the arms' doing. Households are not de-duplicated: letting one member's
-- pick silence another's would tie their arms together and spoil the experiment.
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
)

select
    candidates.customer_id,
    candidates.product_id,
    candidates.channel,
    candidates.propensity,
    candidates.uplift,
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
