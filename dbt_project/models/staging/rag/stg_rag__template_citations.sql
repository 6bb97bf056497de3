with source as (
    select * from {{ source('rag', 'template_citations') }}
),

renamed as (
    select
        -- ids
        template_id,
        doc_id,
        chunk_id,
        -- what the row says
        sentence_number,
        claim_number,
        sentence,
        claim_type,
        claim_value,
        doc_version,
        doc_valid_from,
        doc_valid_to as doc_valid_to_inclusive,
        quote,
        quote_start,
        quote_end,
        verdict,
        method
    from source
)

select * from renamed
