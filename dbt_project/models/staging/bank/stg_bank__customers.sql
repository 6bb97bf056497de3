with source as (
    select * from {{ source('raw', 'customers') }}
),

renamed as (
    select
        -- ids
        customer_id,
        household_id,
        -- what the row says
        joined_on,
        first_name,
        state,
        timezone,
        language,
        attributes,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
