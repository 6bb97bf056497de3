with source as (
    select * from {{ source('raw', 'holdings') }}
),

renamed as (
    select
        -- ids
        customer_id,
        product_id,
        -- what the row says
        opened_on,
        closed_on,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
