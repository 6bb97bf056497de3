{% macro money(amount) -%}
    cast(coalesce({{ amount }}, 0) as decimal(18, 2))
{%- endmacro %}

{% macro snapshot_days(length) -%}
    select
        snapshots.as_of_date,
        snapshots.as_of_date - offsets.days_ago as activity_date,
        offsets.days_ago
    from {{ ref('int_calendar__snapshots') }} as snapshots
    cross join (select cast(unnest(range({{ length }})) as integer) as days_ago) as offsets
{%- endmacro %}

{% macro sum_in_days(column, days, type='integer') -%}
    cast(coalesce(sum({{ column }}) filter (where days_ago < {{ days }}), 0) as {{ type }})
{%- endmacro %}

{% macro places_of_weeks(active_weeks, length) -%}
    list_transform(range(1, {{ length }} + 1), lambda place: list_position(
        list_transform({{ active_weeks }}, lambda week: week.week_position), cast(place as integer)
    ))
{%- endmacro %}

{% macro weekly_values(stream, column, type='integer') -%}
    list_transform(
        placed.{{ stream }}_places, lambda place: cast(coalesce(placed.{{ stream }}_weeks[place].{{ column }}, 0) as {{ type }})
    )
{%- endmacro %}

{% macro is_active() -%}
    coalesce(least(days_since_last_txn, days_since_last_event) < {{ var('active_window_days') }}, false)
{%- endmacro %}
