{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where as_of_date = {{ as_of_date() }}{% endif %}"
) }}

-- The features a send was decided on, kept for ever: the features themselves are rebuilt every night. One JSON object
-- a customer, not a column a feature, so that a feature added later leaves the old nights as they were.
with sends as (
    select customer_id from {{ ref('fct_offer_decisions') }}
    where as_of_date = {{ as_of_date() }} and outcome = 'send'
),

features as (
    select * exclude (as_of_date, split, is_tonight, is_month_end, is_window_complete)
    from {{ ref('int_customers__features') }}
    where is_tonight
)

select
    {{ as_of_date() }} as as_of_date,
    features.customer_id,
    cast(to_json(features) as json) as features
from features
inner join sends on features.customer_id = sends.customer_id
