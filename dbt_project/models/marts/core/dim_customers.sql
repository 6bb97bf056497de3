{#- From the latest night in the file, whichever night ran: re-running an old one changes nothing here. -#}
with features as (
    select
        *,
        {{ is_active() }} as is_active
    from {{ ref('int_customers__scored_features') }}
    where as_of_date = {{ latest_night() }}
),

segments as (
    select
        customer_id,
        as_of_date,
        segment_name
    from {{ ref('stg_ml__customer_segments') }}
),

intents as (
    select
        customer_id,
        as_of_date,
        intent_name,
        readiness
    from {{ ref('stg_ml__customer_intents') }}
)

select
    features.customer_id,
    features.joined_on,
    features.state,
    features.is_active,
    segments.segment_name,
    intents.intent_name,
    intents.readiness,
    features.products_held,
    features.as_of_date
from features
left join segments on features.customer_id = segments.customer_id and features.as_of_date = segments.as_of_date
left join intents on features.customer_id = intents.customer_id and features.as_of_date = intents.as_of_date
