select
    product_id,
    valid_from,
    name,
    family,
    valid_to_inclusive as valid_to
from (
    {{ as_known(ref('stg_bank__products'), ['product_id', 'valid_from'], latest_night()) }}
) as latest_versions
