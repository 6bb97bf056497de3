with source as (
    select * from {{ source('rag', 'messages') }}
),

renamed as (
    select
        -- ids
        message_id,
        decision_id,
        customer_id,
        brief_id,
        template_id,
        -- what the row says
        as_of_date,
        channel,
        subject,
        body,
        slots,
        status,
        withheld_reason,
        send_at,
        expires_at,
        timezone,
        content_hash
    from source
)

select * from renamed
