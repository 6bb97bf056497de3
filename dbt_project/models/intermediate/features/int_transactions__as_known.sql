{{ config(materialized='view') }}
select
    transaction_id,
    customer_id,
    posted_at,
    {{ bank_date('posted_at') }} as posted_on,
    amount_usd,
    category,
    counterparty_type,
    balance_usd,
    loaded_as_of_date
from (
    {{ as_known(ref('stg_bank__transactions'), ['transaction_id'], as_of_date()) }}
) as latest_versions
