with latest_versions as (
    {{ as_known(ref('stg_bank__products'), ['product_id', 'valid_from'], as_of_date()) }}
),

hashed as (
    select
        *,
        -- All columns of the input contract and nothing of the load: the same version loaded twice keeps its name.
        left(sha256(cast(to_json(struct_pack(
            product_id := product_id,
            name := name,
            family := family,
            margin := cast(margin_usd as varchar),
            valid_from := valid_from,
            valid_to := valid_to_inclusive,
            channels := channels,
            states := states,
            min_age := min_age,
            requires_product_id := requires_product_id,
            excludes_product_id := excludes_product_id,
            dwelling_secured := dwelling_secured,
            rate_type := rate_type,
            tiered := tiered,
            stepped := stepped,
            time_account := time_account,
            maintenance_fee := maintenance_fee,
            fee_conditions := fee_conditions,
            nondeposit := nondeposit,
            hybrid := hybrid,
            legal_entity := legal_entity
        )) as varchar)), 12) as product_version
    from latest_versions
)

select
    product_id,
    product_version,
    name,
    family,
    margin_usd,
    valid_from,
    valid_until,
    valid_to_inclusive,
    coalesce(string_split(channels, '|'), list_value('email', 'sms', 'push', 'in_app', 'mail')) as channels,
    coalesce(string_split(states, '|'), cast(list_value() as varchar[])) as states,
    min_age,
    coalesce(string_split(requires_product_id, '|'), cast(list_value() as varchar[])) as requires_product_ids,
    coalesce(string_split(excludes_product_id, '|'), cast(list_value() as varchar[])) as excludes_product_ids,
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
    valid_from <= {{ as_of_date() }} + 1 and coalesce({{ as_of_date() }} + 1 < valid_until, true) as is_live,
    row_number() over (partition by product_id order by valid_from desc) = 1 as is_latest_version,
    loaded_as_of_date
from hashed
