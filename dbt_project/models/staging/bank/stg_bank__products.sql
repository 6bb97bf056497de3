with source as (
    select * from {{ source('raw', 'products') }}
),

renamed as (
    select
        -- ids
        product_id,
        -- what the row says
        name,
        family,
        margin as margin_usd,
        valid_from,
        valid_to as valid_to_inclusive,
        cast(valid_to + 1 as date) as valid_until,
        channels,
        states,
        min_age,
        requires_product_id,
        excludes_product_id,
        dwelling_secured,
        rate_type,
        tiered,
        stepped,
        time_account,
        maintenance_fee,
        fee_conditions,
        nondeposit,
        hybrid,
        legal_entity,
        -- knowledge time
        source_file,
        source_row_number,
        loaded_as_of_date
    from source
)

select * from renamed
