-- Step 7: priority = P x C x V x L. P is the propensity (uplift takes its place once it is modelled), C the context
-- weight of intent and family, V the margin as a share of the best, L the lever of intensity and family.
with candidates as (
    select
        customer_id,
        product_id,
        channel,
        propensity,
        uplift
    from {{ ref('int_offers__contact_policy') }}
    where drop_reason is null
),

customers as (
    select
        customer_id,
        intent,
        intensity
    from {{ ref('int_offers__customers') }}
),

products as (
    select
        product_id,
        family,
        value
    from {{ ref('int_offers__products') }}
),

context_weights as (
    {{ in_force(ref('policy_context_weights'), send_date()) }}
),

levers as (
    {{ in_force(ref('policy_lever_weights'), send_date()) }}
),

weighted as (
    select
        candidates.customer_id,
        candidates.product_id,
        candidates.channel,
        candidates.propensity,
        candidates.uplift,
        cast(context_weights.context_weight as double) as context_weight,
        products.value,
        cast(levers.lever as double) as lever
    from candidates
    inner join customers on candidates.customer_id = customers.customer_id
    inner join products on candidates.product_id = products.product_id
    left join context_weights
        on customers.intent = context_weights.intent and products.family = context_weights.family
    left join levers
        on customers.intensity = levers.intensity and products.family = levers.family
),

ranked as (
    select
        *,
        round(propensity * coalesce(context_weight, 0) * value * coalesce(lever, 0), 9) as priority
    from weighted
)

select
    *,
    case when priority <= 0 then 'zero_priority' end as drop_reason
from ranked
