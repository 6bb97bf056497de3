-- Reserved events that still count on the send date (B-04, B-05, B-11). An event counts until the event that ends it
-- or until its pause is over, whichever comes first; durations and ends are rules of policy_suppression_rules.
with rules as (
    {{ in_force(ref('policy_suppression_rules'), send_date()) }}
),

channels as (
    {{ in_force(ref('policy_channels'), send_date()) }}
),

known_events as (
    -- a channel we do not send on (an opt-out given in the app, at the branch) names none of ours: it holds on all
    select
        customer_id,
        event_type,
        case when channel in (select channels.channel from channels) then channel end as channel,
        occurred_at
    from {{ ref('int_events__as_known') }}
    where is_reserved and occurred_at < {{ day_end(as_of_date()) }}
),

opt_outs_by_response as (
    -- an opt-out given in answer to a contact holds for that channel; without its instant, from the sending on
    select
        customer_id,
        'opted_out' as event_type,
        channel,
        coalesce(responded_at, sent_at) as occurred_at
    from {{ ref('int_contacts__as_known') }}
    where response = 'opted_out' and coalesce(responded_at, sent_at) < {{ day_end(as_of_date()) }}
),

grants as (
    select
        customer_id,
        'consent_granted' as event_type,
        channel,
        valid_from as occurred_at
    from {{ ref('int_consents__as_known') }}
    where
        purpose = 'marketing'
        and status = 'granted'
        and valid_from < {{ day_end(as_of_date()) }}
),

happenings as (
    select * from known_events
    union all
    select * from opt_outs_by_response
    union all
    select * from grants
),

starts as (
    -- one row per channel concerned: rules of scope channel read the event's channel, and none named means all
    select
        happenings.customer_id,
        rules.event_type,
        rules.scope,
        rules.precedence,
        rules.ended_by,
        rules.drop_reason,
        channels.channel,
        happenings.occurred_at,
        {{ bank_date('happenings.occurred_at') }} as started_on,
        {{ bank_date('happenings.occurred_at') }} + rules.max_days as ends_on
    from happenings
    inner join rules on happenings.event_type = rules.event_type
    inner join channels
        on
            rules.scope != 'channel'
            or happenings.channel is null
            or happenings.channel = channels.channel
)

select
    starts.customer_id,
    starts.channel,
    starts.event_type,
    starts.scope,
    starts.precedence,
    starts.drop_reason,
    max(starts.started_on) as started_on,
    nullif(max(coalesce(starts.ends_on, date '9999-12-31')), date '9999-12-31') as ends_on
from starts
where
    (starts.ends_on is null or starts.ends_on > {{ send_date() }})
    and not exists (
        select 1
        from happenings as ends
        where
            ends.customer_id = starts.customer_id
            and ends.event_type = starts.ended_by
            and ends.occurred_at > starts.occurred_at
            and (starts.scope != 'channel' or ends.channel is null or ends.channel = starts.channel)
    )
group by all
