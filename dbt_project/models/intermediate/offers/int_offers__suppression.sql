-- Step 5 (B-04, B-05, B-11): no reserved event pauses marketing to the customer on this channel.
with candidates as (
    select
        customer_id,
        product_id,
        channel,
        propensity,
        uplift
    from {{ ref('int_offers__consent') }}
    where drop_reason is null
),

pauses as (
    select
        customer_id,
        channel,
        min_by(drop_reason, (precedence, drop_reason)) as drop_reason
    from {{ ref('int_offers__restrictions') }}
    where scope in ('all_offers', 'channel')
    group by customer_id, channel
)

select
    candidates.customer_id,
    candidates.product_id,
    candidates.channel,
    candidates.propensity,
    candidates.uplift,
    pauses.drop_reason
from candidates
left join pauses
    on candidates.customer_id = pauses.customer_id and candidates.channel = pauses.channel
