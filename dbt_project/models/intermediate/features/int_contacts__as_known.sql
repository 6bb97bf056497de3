with latest_versions as (
    {{ as_known(ref('stg_bank__contacts'), ['contact_id'], as_of_date()) }}
),

timed as (
    select
        *,
        sent_at + to_days({{ var('response_window_days') }}) as window_ends_at,
        -- A response without its instant is taken to come at the window's end: earlier would show it to a snapshot
        -- that could not know it.
        coalesce(responded_at, sent_at + to_days({{ var('response_window_days') }})) as reached_at
    from latest_versions
)

select
    contact_id,
    customer_id,
    sent_at,
    {{ bank_date('sent_at') }} as sent_on,
    product_id,
    channel,
    send_slot,
    intensity,
    arm,
    action_probability,
    response,
    responded_at,
    window_ends_at,
    case when response in ('opened', 'clicked', 'converted') then reached_at end as opened_at,
    case when response in ('clicked', 'converted') and reached_at <= window_ends_at then reached_at end as answered_at,
    loaded_as_of_date
from timed
