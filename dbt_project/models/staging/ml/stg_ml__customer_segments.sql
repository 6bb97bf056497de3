with source as (
    select * from {{ source('ml', 'customer_segments') }}
),

renamed as (
    select
        -- ids
        customer_id,
        -- what the row says
        as_of_date,
        segment,
        segment_name,
        method,
        membership_probability,
        model_version
    from source
)

select * from renamed
