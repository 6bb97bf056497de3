{{ config(materialized='view') }}

-- Where every candidate ended: the step that dropped it, or none. Each step holds what reached it, so the dropped of
-- all steps and the survivors of the last one are the candidates, once each.
{% set steps = ['eligibility', 'applicability', 'suitability', 'consent', 'suppression', 'contact_policy',
                'priority', 'arms', 'send_times'] %}
{% set scored_from = 'applicability' %}
{% set ranked_from = 'priority' %}

{% for step in steps %}
{% set is_scored = loop.index0 >= steps.index(scored_from) %}
{% set is_ranked = loop.index0 >= steps.index(ranked_from) %}
select
    customer_id,
    product_id,
    channel,
    {{ loop.index }} as step_number,
    '{{ step }}' as step,
    drop_reason,
    {{ 'propensity' if is_scored else 'cast(null as double)' }} as propensity,
    {{ 'uplift' if is_scored else 'cast(null as double)' }} as uplift,
    {{ 'context_weight' if is_ranked else 'cast(null as double)' }} as context_weight,
    {{ 'value' if is_ranked else 'cast(null as double)' }} as value,
    {{ 'lever' if is_ranked else 'cast(null as double)' }} as lever,
    {{ 'priority' if is_ranked else 'cast(null as double)' }} as priority
from {{ ref('int_offers__' ~ step) }}
{% if not loop.last %}
where drop_reason is not null
union all
{% endif %}
{% endfor %}
