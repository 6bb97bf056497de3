{{ config(meta={'dagster': {'ref': {'name': 'rpt_decision_funnel'}}}) }}
-- For every product and channel: in = dropped + out, and what a step hands on is what the next one gets.
with funnel as (
    select
        *,
        lead(candidates_in) over (
            partition by as_of_date, product_id, channel
            order by step_number
        ) as next_candidates_in
    from {{ ref('rpt_decision_funnel') }}
)

select
    as_of_date,
    product_id,
    channel,
    step,
    candidates_in,
    dropped,
    candidates_out,
    next_candidates_in
from funnel
where candidates_in != dropped + candidates_out or candidates_out != next_candidates_in
