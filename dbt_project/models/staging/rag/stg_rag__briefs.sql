with source as (
    select * from {{ source('rag', 'briefs') }}
),

renamed as (
    select
        -- ids
        brief_id,
        product_id,
        -- what the row says
        product_version,
        channel,
        intent,
        intensity,
        language,
        jurisdiction_group
    from source
)

select * from renamed
