-- Everything a step needs to know of a customer, read once.
with scope as (
    select
        customer_id,
        held_product_ids
    from {{ ref('int_customers__features') }}
    where is_tonight
),

customers as (
    select * from {{ ref('int_customers__as_known') }}
),

segments as (
    select * from {{ ref('stg_ml__customer_segments') }}
    where as_of_date = {{ as_of_date() }}
),

intents as (
    select * from {{ ref('stg_ml__customer_intents') }}
    where as_of_date = {{ as_of_date() }}
),

predictions as (
    select * from {{ ref('stg_ml__predictions') }}
    where as_of_date = {{ as_of_date() }}
),

likeliest as (
    -- ties go to the earlier slot and the lower intensity
    select
        customer_id,
        target,
        label
    from predictions
    where target in ('send_slot', 'intensity')
    qualify row_number() over (
        partition by customer_id, target
        order by
            probability desc,
            {{ intensity_rank('label') }} asc,
            label asc
    ) = 1
),

arms as (
    {{ in_force(ref('policy_experiment_arms'), send_date()) }}
),

experiment as (
    select min(experiment_id) as experiment_id from arms
),

bucketed as (
    select
        scope.customer_id,
        scope.held_product_ids,
        experiment.experiment_id,
        {{ stable_bucket(['experiment.experiment_id', 'scope.customer_id'], 10000) }} as bucket
    from scope
    cross join experiment
),

known_zones as (
    select name from pg_timezone_names()
)

select
    bucketed.customer_id,
    customers.joined_on,
    customers.household_id,
    customers.state,
    -- a name no clock knows is as good as none
    known_zones.name as time_zone,
    concat_ws('|', coalesce(known_zones.name, ''), coalesce(customers.state, '')) as zone_key,
    coalesce(customers.language, 'en') as language,
    bucketed.held_product_ids,
    segments.segment,
    segments.segment_name,
    intents.intent,
    intents.intent_name,
    -- without a prediction the first slot and the mildest wording
    coalesce(cast(slots.label as integer), 0) as preferred_slot,
    -- an answer that did not come may lower the intensity and never raises it (B-14)
    case
        when {{ intensity_rank('intensities.label') }} > {{ intensity_rank('limits.highest_intensity') }}
            then limits.highest_intensity
        else coalesce(intensities.label, 'low')
    end as intensity,
    bucketed.experiment_id,
    bucketed.bucket,
    arms.arm
from bucketed
inner join customers on bucketed.customer_id = customers.customer_id
inner join arms
    on
        bucketed.experiment_id = arms.experiment_id
        and bucketed.bucket >= arms.bucket_from
        and bucketed.bucket < arms.bucket_until
left join known_zones on customers.timezone = known_zones.name
left join segments on bucketed.customer_id = segments.customer_id
left join intents on bucketed.customer_id = intents.customer_id
left join likeliest as slots
    on bucketed.customer_id = slots.customer_id and slots.target = 'send_slot'
left join likeliest as intensities
    on bucketed.customer_id = intensities.customer_id and intensities.target = 'intensity'
left join {{ ref('int_offers__intensity_limits') }} as limits on bucketed.customer_id = limits.customer_id
