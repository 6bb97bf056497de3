with source as (
    select * from {{ source('raw', 'customers_protected') }}
),

renamed as (
    select
        -- ids
        customer_id,
        -- what the row says
        birth_date,
        attributes,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
