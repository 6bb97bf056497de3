-- What contact policy counts: the bank's own campaigns and Wordbond's messages of earlier nights, as known tonight.
-- Two nights are two contacts even where the bank also lists ours: counting double errs on the quiet side.
with contacts as (
    select
        customer_id,
        product_id,
        channel,
        response,
        sent_on
    from {{ ref('int_contacts__as_known') }}
    where arm = 'treatment' and channel is not null
),

own_messages as (
    select
        customer_id,
        product_id,
        channel,
        cast(null as varchar) as response,
        {{ bank_date('send_at') }} as sent_on
    from {{ ref('stg_bank__sent_messages') }}
    where loaded_as_of_date <= {{ as_of_date() }}
),

horizon as (
    -- nothing older than the longest window or cool-down matters
    select max(days) as days
    from (
        select window_days as days from ({{ in_force(ref('policy_contact_caps'), send_date()) }}) as caps
        union all
        select days from ({{ in_force(ref('policy_cool_downs'), send_date()) }}) as cool_downs
    ) as spans
),

sends as (
    select * from contacts
    union all
    select * from own_messages
)

select
    sends.customer_id,
    sends.product_id,
    sends.channel,
    sends.response,
    sends.sent_on
from sends
cross join horizon
where sends.sent_on > {{ send_date() }} - horizon.days and sends.sent_on < {{ send_date() }}
