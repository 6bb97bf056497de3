with source as (
    select * from {{ source('raw', 'events') }}
),

renamed as (
    select
        -- ids
        event_id,
        customer_id,
        -- what the row says
        occurred_at,
        event_type,
        topic,
        channel,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
