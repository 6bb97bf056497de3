{{ config(materialized='view') }}
with latest_versions as (
    {{ as_known(ref('stg_bank__events'), ['event_id'], as_of_date()) }}
),

reserved_types as (
    select event_type from {{ ref('seed_reserved_event_types') }}
)

select
    latest_versions.event_id,
    latest_versions.customer_id,
    latest_versions.occurred_at,
    {{ bank_date('latest_versions.occurred_at') }} as occurred_on,
    latest_versions.event_type,
    latest_versions.topic,
    latest_versions.channel,
    reserved_types.event_type is not null as is_reserved,
    latest_versions.loaded_as_of_date
from latest_versions
left join reserved_types on latest_versions.event_type = reserved_types.event_type
