{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where as_of_date = {{ as_of_date() }}{% endif %}"
) }}

-- 1. Everyone in scope tonight. 2. The action that came through all steps, if any. 3. Otherwise why not: of the
-- candidates that got furthest, the commonest reason. 4. What counted, by name.
with customers as (
    select * from {{ ref('int_offers__customers') }}
),

sends as (
    select * from {{ ref('int_offers__send_times') }}
    where drop_reason is null
),

products as (
    select
        product_id,
        product_version,
        family
    from {{ ref('int_offers__products') }}
),

dropped as (
    select
        customer_id,
        step_number,
        drop_reason,
        count(*) as candidate_count
    from {{ ref('int_offers__outcomes') }}
    where drop_reason is not null and drop_reason != 'not_picked'
    group by customer_id, step_number, drop_reason
),

held_because as (
    select
        customer_id,
        drop_reason
    from dropped
    qualify row_number() over (
        partition by customer_id
        order by step_number desc, candidate_count desc, drop_reason asc
    ) = 1
),

rules as (
    select
        drop_reason,
        rule_id
    from {{ ref('policy_drop_reasons') }}
),

reasons as (
    select
        customer_id,
        reason_codes
    from {{ ref('stg_ml__action_reasons') }}
    where as_of_date = {{ as_of_date() }}
),

response_model as (
    select max(model_version) as model_version
    from {{ ref('stg_ml__action_scores') }}
    where as_of_date = {{ as_of_date() }}
),

policy as (
    select policy_version from {{ ref('int_offers__policy_version') }}
),

decided as (
    select
        customers.customer_id,
        customers.arm,
        customers.segment,
        customers.intent,
        customers.intent_name,
        customers.intensity as customer_intensity,
        sends.* exclude (customer_id, arm, drop_reason),
        products.product_version,
        products.family,
        case when sends.customer_id is null then coalesce(held_because.drop_reason, 'no_candidates') end as hold_reason,
        coalesce(reasons.reason_codes, []) as feature_codes
    from customers
    left join sends on customers.customer_id = sends.customer_id
    left join products on sends.product_id = products.product_id
    left join held_because on customers.customer_id = held_because.customer_id
    left join reasons on customers.customer_id = reasons.customer_id
)

select
    md5(concat_ws('|', cast({{ as_of_date() }} as varchar), decided.customer_id)) as decision_id,
    {{ as_of_date() }} as as_of_date,
    decided.customer_id,
    case when decided.hold_reason is null then 'send' else 'hold' end as outcome,
    decided.hold_reason,
    decided.arm,
    decided.product_id,
    decided.product_version,
    decided.channel,
    decided.send_slot,
    decided.send_at,
    decided.time_zone as timezone,
    case when decided.hold_reason is null then decided.customer_intensity end as intensity,
    decided.propensity,
    decided.uplift,
    decided.context_weight,
    decided.value,
    decided.lever,
    decided.priority,
    coalesce(decided.action_probability, 1) as action_probability,
    case
        when decided.hold_reason is null
            then list_concat(
                ['arm:' || decided.arm, 'intent:' || decided.intent_name, 'family:' || decided.family],
                decided.feature_codes
            )
        else ['arm:' || decided.arm, 'hold:' || decided.hold_reason, 'rule:' || rules.rule_id]
    end as reason_codes,
    decided.segment,
    decided.intent,
    response_model.model_version,
    policy.policy_version,
    '{{ run_id() }}' as run_id
from decided
cross join response_model
cross join policy
left join rules on decided.hold_reason = rules.drop_reason
