{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='as_of_date',
    on_schema_change='append_new_columns'
) }}
select
    features.*,
    customers.joined_on,
    customers.state
from {{ ref('int_customers__features') }} as features
inner join {{ ref('int_customers__as_known') }} as customers on features.customer_id = customers.customer_id
where features.is_tonight
