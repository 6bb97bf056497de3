{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where as_of_date = {{ as_of_date() }}{% endif %}"
) }}

with outcomes as (
    select * from {{ ref('int_offers__outcomes') }}
)

select
    {{ as_of_date() }} as as_of_date,
    customer_id,
    product_id,
    channel,
    case when drop_reason is not null then step end as dropped_at_step,
    drop_reason,
    propensity,
    uplift,
    context_weight,
    value,
    lever,
    priority
from outcomes
