with source as (
    select * from {{ source('raw', 'loads') }}
),

renamed as (
    select
        file,
        loaded_as_of_date,
        rows_read,
        rows_loaded,
        rows_rejected
    from source
)

select * from renamed
