with source as (
    select * from {{ source('raw', 'rejects') }}
),

renamed as (
    select
        file,
        row_number,
        rule,
        column_name,
        value,
        message,
        loaded_as_of_date
    from source
)

select * from renamed
