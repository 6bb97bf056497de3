with source as (
    select * from {{ source('rag', 'template_checks') }}
),

renamed as (
    select
        -- ids
        template_id,
        rule_id,
        -- what the row says
        rule_version,
        verdict,
        evidence
    from source
)

select * from renamed
