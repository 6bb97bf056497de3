select
    customer_id,
    joined_on,
    first_name,
    household_id,
    state,
    timezone,
    language,
    attributes,
    loaded_as_of_date
from (
    {{ as_known(ref('stg_bank__customers'), ['customer_id'], as_of_date()) }}
) as latest_versions
