with source as (
    select * from {{ source('rag', 'message_checks') }}
),

renamed as (
    select
        -- ids
        message_id,
        template_id,
        rule_id,
        -- what the row says
        rule_version,
        verdict,
        evidence
    from source
)

select * from renamed
