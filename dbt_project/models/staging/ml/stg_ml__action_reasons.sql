with source as (
    select * from {{ source('ml', 'action_reasons') }}
),

renamed as (
    select
        -- ids
        customer_id,
        -- what the row says
        as_of_date,
        reason_codes,
        model_version
    from source
)

select * from renamed
