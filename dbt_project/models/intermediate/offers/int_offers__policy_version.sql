-- One hash of every policy row in force on the send date: a changed cap, weight or arm is a new policy version.
{% set seeds = [
    'policy_channels', 'policy_contact_caps', 'policy_context_weights', 'policy_cool_downs', 'policy_experiment_arms',
    'policy_intensity_limits', 'policy_languages', 'policy_lever_weights', 'policy_quiet_hours', 'policy_state_time_zones',
    'policy_suitability_rules', 'policy_suppression_rules', 'policy_thresholds'
] %}

with policy_rows as (
    {% for seed in seeds %}
    select
        '{{ seed }}' as seed_name,
        cast(seed_rows as varchar) as row_text
    from ({{ in_force(ref(seed), send_date()) }}) as seed_rows
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    {{ send_date() }} as send_date,
    left(md5(string_agg(concat_ws('|', seed_name, row_text), '\n' order by seed_name, row_text)), 12) as policy_version
from policy_rows
