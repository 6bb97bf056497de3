{%- set families = ['deposit', 'card', 'loan', 'mortgage', 'investment', 'insurance', 'other'] -%}
with spine as (
    select * from {{ ref('int_customers__spine') }}
),

snapshots as (
    select as_of_date from {{ ref('int_calendar__snapshots') }}
),

customers as (
    select * from {{ ref('int_customers__as_known') }}
),

product_families as (
    select
        product_id,
        family
    from {{ ref('int_products__as_known') }}
    where is_latest_version
),

holdings as (
    select
        owned.customer_id,
        owned.product_id,
        owned.opened_on,
        owned.closed_on,
        snapshots.as_of_date,
        coalesce(product_families.family, 'other') as family,
        -- A closing the snapshot could not know of is no closing yet.
        coalesce(owned.closed_on > snapshots.as_of_date, true) as is_held
    from {{ ref('int_holdings__as_known') }} as owned
    inner join snapshots on owned.opened_on <= snapshots.as_of_date
    left join product_families on owned.product_id = product_families.product_id
),

held as (
    select
        customer_id,
        as_of_date,
        list_sort(list(distinct product_id) filter (where is_held)) as held_product_ids,
        max(opened_on) as last_opened_on,
        cast(count(*) filter (where opened_on > as_of_date - 90) as integer) as openings_90d,
        cast(count(*) filter (where not is_held and closed_on > as_of_date - 90) as integer) as closings_90d
        {%- for family in families %},
        cast(coalesce(bool_or(family = '{{ family }}') filter (where is_held), false) as integer) as holds_{{ family }}
        {%- endfor %}
    from holdings
    group by customer_id, as_of_date
),

consented as (
    select
        consents.customer_id,
        snapshots.as_of_date,
        cast(count(distinct consents.channel) as integer) as consented_channels
    from {{ ref('int_consents__as_known') }} as consents
    inner join snapshots
        on
            consents.valid_from < {{ day_end('snapshots.as_of_date') }}
            and coalesce(consents.valid_until >= {{ day_end('snapshots.as_of_date') }}, true)
    where consents.purpose = 'marketing' and consents.status = 'granted'
    group by consents.customer_id, snapshots.as_of_date
),

households as (
    select
        customers.household_id,
        spine.as_of_date,
        cast(count(*) as integer) as household_size
    from spine
    inner join customers on spine.customer_id = customers.customer_id
    where customers.household_id is not null
    group by customers.household_id, spine.as_of_date
)

select
    spine.customer_id,
    spine.as_of_date,
    cast(spine.as_of_date - customers.joined_on as integer) as tenure_days,
    coalesce(households.household_size, 1) as household_size,
    cast(coalesce(len(held.held_product_ids), 0) as integer) as products_held
    {%- for family in families %},
    coalesce(held.holds_{{ family }}, 0) as holds_{{ family }}
    {%- endfor %},
    coalesce(consented.consented_channels, 0) as consented_channels,
    cast(spine.as_of_date - held.last_opened_on as integer) as days_since_last_opening,
    coalesce(held.openings_90d, 0) as openings_90d,
    coalesce(held.closings_90d, 0) as closings_90d,
    coalesce(held.held_product_ids, cast(list_value() as varchar[])) as held_product_ids,
    customers.attributes
from spine
inner join customers on spine.customer_id = customers.customer_id
left join held on spine.customer_id = held.customer_id and spine.as_of_date = held.as_of_date
left join consented on spine.customer_id = consented.customer_id and spine.as_of_date = consented.as_of_date
left join households
    on customers.household_id = households.household_id and spine.as_of_date = households.as_of_date
