-- Step 3 (B-10, B-11): house rules on whom a family may be offered to: nothing to minors, no new commitment in
-- hardship. A customer whose date of birth is not known passes here; products with a least age stopped them before.
with candidates as (
    select
        customer_id,
        product_id,
        channel,
        propensity,
        uplift
    from {{ ref('int_offers__applicability') }}
    where drop_reason is null
),

products as (
    select
        product_id,
        family
    from {{ ref('int_offers__products') }}
),

conditions as (
    select
        customer_id,
        'minor' as condition
    from {{ ref('int_offers__capacity_gates') }}
    where
        least_age = cast({{ threshold('least_marketing_age') }} as integer)
        and not is_reached
    union
    select
        customer_id,
        event_type as condition
    from {{ ref('int_offers__restrictions') }}
    where scope = 'suitability'
),

rules as (
    {{ in_force(ref('policy_suitability_rules'), send_date()) }}
),

barred as (
    select
        conditions.customer_id,
        products.product_id,
        min_by(rules.drop_reason, (rules.precedence, rules.drop_reason)) as drop_reason
    from conditions
    inner join rules on conditions.condition = rules.condition
    inner join products on rules.family in ('all', products.family)
    group by conditions.customer_id, products.product_id
)

select
    candidates.customer_id,
    candidates.product_id,
    candidates.channel,
    candidates.propensity,
    candidates.uplift,
    barred.drop_reason
from candidates
left join barred
    on candidates.customer_id = barred.customer_id and candidates.product_id = barred.product_id
