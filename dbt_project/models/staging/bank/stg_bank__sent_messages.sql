with source as (
    select * from {{ source('raw', 'sent_messages') }}
),

renamed as (
    select
        -- ids
        message_id,
        customer_id,
        product_id,
        -- what the row says
        channel,
        intensity,
        send_at,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
