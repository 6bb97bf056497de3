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
        note,
        -- rows of a home older than this column were all put down when their template was written
        coalesce(effective_from, date '1990-01-01') as effective_from
    from source
)

select * from renamed
