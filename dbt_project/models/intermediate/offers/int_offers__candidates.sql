{{ config(materialized='view') }}

-- Every customer in scope x every product known x every channel the bank uses: nothing is left out silently.
with customers as (
    select customer_id from {{ ref('int_offers__customers') }}
),

products as (
    select
        product_id,
        channels
    from {{ ref('int_offers__products') }}
),

all_channels as (
    {{ in_force(ref('policy_channels'), send_date()) }}
),

channels as (
    select distinct all_channels.channel
    from all_channels
    inner join products on list_contains(products.channels, all_channels.channel)
)

select
    customers.customer_id,
    products.product_id,
    channels.channel
from customers
cross join products
cross join channels
