with source as (
    select * from {{ source('raw', 'contacts') }}
),

renamed as (
    select
        -- ids
        contact_id,
        customer_id,
        product_id,
        -- what the row says
        sent_at,
        channel,
        send_slot,
        intensity,
        arm,
        action_probability,
        response,
        responded_at,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
