{{ config(meta={'dagster': {'ref': {'name': 'rpt_decision_funnel'}}}) }}
-- Candidates dropped at a step = that step's dropped; all candidates = what came into the first step; what came out
-- of the last one = the sends of the night, for every product and channel. Older nights have lost candidates to
-- retention, so this holds on the night that runs.
with candidates as (
    select
        product_id,
        channel,
        dropped_at_step
    from {{ ref('fct_offer_candidates') }}
    where as_of_date = {{ as_of_date() }}
),

from_candidates as (
    select
        product_id,
        channel,
        dropped_at_step as what,
        count(*) as row_count
    from candidates
    where dropped_at_step is not null
    group by product_id, channel, dropped_at_step
    union all
    select
        product_id,
        channel,
        'all' as what,
        count(*) as row_count
    from candidates
    group by product_id, channel
    union all
    select
        product_id,
        channel,
        'sent' as what,
        count(*) as row_count
    from {{ ref('fct_offer_decisions') }}
    where as_of_date = {{ as_of_date() }} and outcome = 'send'
    group by product_id, channel
),

funnel as (
    select
        *,
        step_number = max(step_number) over () as is_last
    from {{ ref('rpt_decision_funnel') }}
    where as_of_date = {{ as_of_date() }}
),

from_funnel as (
    select
        product_id,
        channel,
        step as what,
        dropped as row_count
    from funnel
    union all
    select
        product_id,
        channel,
        'all' as what,
        candidates_in as row_count
    from funnel
    where step_number = 1
    union all
    select
        product_id,
        channel,
        'sent' as what,
        candidates_out as row_count
    from funnel
    where is_last
)

select
    coalesce(from_candidates.product_id, from_funnel.product_id) as product_id,
    coalesce(from_candidates.channel, from_funnel.channel) as channel,
    coalesce(from_candidates.what, from_funnel.what) as what,
    from_candidates.row_count as counted,
    from_funnel.row_count as reported
from from_candidates
full outer join from_funnel
    on
        from_candidates.product_id = from_funnel.product_id
        and from_candidates.channel = from_funnel.channel
        and from_candidates.what = from_funnel.what
where coalesce(from_candidates.row_count, 0) != coalesce(from_funnel.row_count, 0)
