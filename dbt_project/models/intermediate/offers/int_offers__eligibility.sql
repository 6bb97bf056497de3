-- Step 1 (B-01, B-10): the offer is live on the send date and open to this customer.
-- The first reason in the written order is the one kept.
with candidates as (
    select * from {{ ref('int_offers__candidates') }}
),

customers as (
    select
        customer_id,
        state,
        held_product_ids
    from {{ ref('int_offers__customers') }}
),

products as (
    select * from {{ ref('int_offers__products') }}
),

gates as (
    select * from {{ ref('int_offers__capacity_gates') }}
)

select
    candidates.customer_id,
    candidates.product_id,
    candidates.channel,
    case
        when not products.is_live then 'no_live_offer'
        when len(products.states) > 0 and customers.state is null then 'state_unknown'
        when len(products.states) > 0 and not list_contains(products.states, customers.state) then 'state_not_served'
        when products.min_age is not null and gates.is_reached is null then 'age_unknown'
        when products.min_age is not null and not gates.is_reached then 'below_least_age'
        when list_contains(customers.held_product_ids, candidates.product_id) then 'already_held'
        when
            len(products.requires_product_ids) > 0
            and not list_has_any(customers.held_product_ids, products.requires_product_ids)
            then 'required_product_missing'
        when list_has_any(customers.held_product_ids, products.excludes_product_ids) then 'excluded_product_held'
    end as drop_reason
from candidates
inner join customers on candidates.customer_id = customers.customer_id
inner join products on candidates.product_id = products.product_id
left join gates
    on candidates.customer_id = gates.customer_id and products.min_age = gates.least_age
