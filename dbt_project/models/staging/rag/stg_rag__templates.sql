with source as (
    select * from {{ source('rag', 'templates') }}
),

renamed as (
    select
        -- ids
        template_id,
        brief_id,
        -- what the row says
        subject,
        body,
        sentences,
        writer,
        model_digest,
        prompt_version,
        rules_version,
        corpus_version,
        is_fallback,
        first_written_as_of_date
    from source
)

select * from renamed
