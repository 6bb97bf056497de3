with source as (
    select * from {{ source('rag', 'grounding_evaluations') }}
),

renamed as (
    select
        -- ids
        -- what the row says
        as_of_date,
        writer,
        configuration,
        sentences,
        unsupported_sentences,
        unsupported_rate,
        low,
        high,
        citation_recall,
        citation_precision,
        answer_rate
    from source
)

select * from renamed
