with source as (
    select * from {{ source('ml', 'customer_intents') }}
),

renamed as (
    select
        -- ids
        customer_id,
        -- what the row says
        as_of_date,
        intent,
        intent_name,
        readiness,
        probabilities,
        model_version
    from source
)

select * from renamed
