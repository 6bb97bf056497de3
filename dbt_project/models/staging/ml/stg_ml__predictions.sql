with source as (
    select * from {{ source('ml', 'predictions') }}
),

renamed as (
    select
        -- ids
        customer_id,
        -- what the row says
        as_of_date,
        target,
        label,
        probability,
        model_version
    from source
)

select * from renamed
