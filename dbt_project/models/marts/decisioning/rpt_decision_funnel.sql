{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where as_of_date = {{ as_of_date() }}{% endif %}"
) }}

-- Counted at each step's own table and not from the candidates' last reasons, so that a row lost or doubled between
-- two steps shows.
{% set steps = ['eligibility', 'applicability', 'suitability', 'consent', 'suppression', 'contact_policy',
                'priority', 'arms', 'send_times'] %}

with steps as (
    select
        step_number,
        step
    from {{ ref('policy_steps') }}
),

pairs as (
    select distinct
        product_id,
        channel
    from {{ ref('int_offers__eligibility') }}
),

counted as (
    {% for step in steps %}
    select
        '{{ step }}' as step,
        product_id,
        channel,
        count(*) as candidates_in,
        count(drop_reason) as dropped
    from {{ ref('int_offers__' ~ step) }}
    group by product_id, channel
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    {{ as_of_date() }} as as_of_date,
    pairs.product_id,
    pairs.channel,
    steps.step_number,
    steps.step,
    cast(coalesce(counted.candidates_in, 0) as integer) as candidates_in,
    cast(coalesce(counted.dropped, 0) as integer) as dropped,
    cast(coalesce(counted.candidates_in - counted.dropped, 0) as integer) as candidates_out
from pairs
cross join steps
left join counted
    on
        steps.step = counted.step
        and pairs.product_id = counted.product_id
        and pairs.channel = counted.channel
