with source as (
    select * from {{ source('raw', 'transactions') }}
),

renamed as (
    select
        -- ids
        transaction_id,
        customer_id,
        -- what the row says
        posted_at,
        amount as amount_usd,
        category,
        counterparty_type,
        balance_usd,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
