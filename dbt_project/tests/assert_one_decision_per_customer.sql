{{ config(meta={'dagster': {'ref': {'name': 'fct_offer_decisions'}}}) }}
-- Decisions of the night = customers in scope: everyone has one row, a hold included, and nobody else has.
-- A customer joined by as_of_date and known by that night is in scope. Returns customers missing or too many.
with scope as (
    select customer_id
    from {{ ref('int_customers__features') }}
    where is_tonight
),

decisions as (
    select
        customer_id,
        count(*) as decision_count
    from {{ ref('fct_offer_decisions') }}
    where as_of_date = {{ as_of_date() }}
    group by customer_id
)

select
    coalesce(scope.customer_id, decisions.customer_id) as customer_id,
    decisions.decision_count
from scope
full outer join decisions on scope.customer_id = decisions.customer_id
where scope.customer_id is null or decisions.decision_count is distinct from 1
