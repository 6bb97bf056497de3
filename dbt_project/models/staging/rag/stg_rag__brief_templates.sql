with source as (
    select * from {{ source('rag', 'brief_templates') }}
),

renamed as (
    select
        -- ids
        brief_id,
        template_id,
        waiting_template_id,
        -- what the row says
        as_of_date,
        is_fallback,
        is_reused,
        abstain_reason
    from source
)

select * from renamed
