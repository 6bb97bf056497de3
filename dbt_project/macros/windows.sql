{% macro sum_in_days(column, days, type='integer') -%}
    cast(coalesce(sum({{ column }}) filter (where days_ago < {{ days }}), 0) as {{ type }})
{%- endmacro %}

{% macro is_active() -%}
    coalesce(least(days_since_last_txn, days_since_last_event) < {{ var('active_window_days') }}, false)
{%- endmacro %}
