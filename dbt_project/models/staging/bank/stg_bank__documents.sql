with source as (
    select * from {{ source('raw', 'documents') }}
),

renamed as (
    select
        -- ids
        doc_id,
        -- what the row says
        doc_version,
        title,
        kind,
        product_ids,
        jurisdictions,
        valid_from,
        valid_to as valid_to_inclusive,
        cast(valid_to + 1 as date) as valid_until,
        text,
        content_hash,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
