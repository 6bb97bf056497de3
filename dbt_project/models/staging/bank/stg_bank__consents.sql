with source as (
    select * from {{ source('raw', 'consents') }}
),

renamed as (
    select
        -- ids
        customer_id,
        -- what the row says
        channel,
        purpose,
        status,
        changed_at,
        source,
        evidence_text,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
