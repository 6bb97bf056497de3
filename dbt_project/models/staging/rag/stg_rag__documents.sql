with source as (
    select * from {{ source('rag', 'documents') }}
),

renamed as (
    select
        -- ids
        doc_id,
        -- what the row says
        doc_version,
        title,
        kind,
        text,
        valid_from,
        valid_to as valid_to_inclusive,
        cast(valid_to + 1 as date) as valid_until,
        content_hash
    from source
)

select * from renamed
