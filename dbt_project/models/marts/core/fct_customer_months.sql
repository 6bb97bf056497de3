{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='month_end',
    on_schema_change='append_new_columns'
) }}
select
    customer_id,
    as_of_date as month_end,
    {{ is_active() }} as is_active,
    txn_count_7d,
    txn_count_30d,
    txn_count_90d,
    inflow_usd_30d,
    outflow_usd_30d,
    balance_proxy_usd,
    balance_usd,
    spend_trend_30d,
    days_since_last_txn,
    app_event_count_30d,
    contacts_30d,
    responses_90d,
    products_held,
    is_window_complete,
    {{ as_of_date() }} as known_as_of_date
from {{ ref('int_customers__features') }}
where
    is_month_end
    {%- if is_incremental() %}
    -- An old night that runs again knows less than the file does: it leaves all months as they are.
    and {{ as_of_date() }} >= (select coalesce(max(known_as_of_date), date '0001-01-01') from {{ this }})
    {%- endif %}
