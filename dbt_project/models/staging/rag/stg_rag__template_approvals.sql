with source as (
    select * from {{ source('rag', 'template_approvals') }}
),

renamed as (
    select
        -- ids
        template_id,
        -- what the row says
        decided_at,
        status,
        approver,
        note
    from source
)

select * from renamed
