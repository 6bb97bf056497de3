select
    customer_id,
    product_id,
    opened_on,
    closed_on,
    loaded_as_of_date
from (
    {{ as_known(ref('stg_bank__holdings'), ['customer_id', 'product_id', 'opened_on'], as_of_date()) }}
) as latest_versions
