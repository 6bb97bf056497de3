with source as (
    select * from {{ source('ml', 'action_scores') }}
),

renamed as (
    select
        -- ids
        customer_id,
        product_id,
        -- what the row says
        as_of_date,
        channel,
        propensity,
        uplift,
        uplift_low,
        uplift_high,
        model_version
    from source
)

select * from renamed
