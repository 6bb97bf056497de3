-- An offer is a version of a product. One version a product can be offered on the send date; where none is valid
-- then, the latest known one stands in, so that the product's candidates are dropped by name and not by absence.
with versions as (
    select * from {{ ref('int_products__as_known') }}
),

picked as (
    select *
    from versions
    qualify row_number() over (
        partition by product_id
        order by is_live desc, valid_from desc
    ) = 1
)

select
    product_id,
    product_version,
    name,
    family,
    margin_usd,
    valid_from,
    valid_until,
    min_age,
    is_live,
    channels,
    states,
    requires_product_ids,
    excludes_product_ids,
    -- the share of the best margin among live offers; margins of zero throughout leave the ranking to the other factors
    round(
        least(
            1,
            coalesce(
                margin_usd / nullif(max(margin_usd) filter (where is_live) over (), 0),
                {{ threshold('value_without_margin') }}
            )
        ),
        9
    ) as value
from picked
