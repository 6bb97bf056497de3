{% macro as_of_date() -%}
    {%- set night = var('as_of_date', none) -%}
    {%- if execute and not night -%}
        {{ exceptions.raise_compiler_error(
            "as_of_date is missing: it is the only clock of logic and has no default. "
            "Pass it, for example --vars '{as_of_date: \"2025-12-31\"}'."
        ) }}
    {%- endif -%}
    cast('{{ night or "1990-01-01" }}' as date)
{%- endmacro %}

{% macro bank_date(instant) -%}
    cast(timezone('{{ var("bank_timezone") }}', {{ instant }}) as date)
{%- endmacro %}

{% macro day_end(day) -%}
    timezone('{{ var("bank_timezone") }}', cast({{ day }} + 1 as timestamp))
{%- endmacro %}

{% macro latest_night() -%}
    (
        select coalesce(max(as_of_date), {{ as_of_date() }})
        from {{ ref('stg_ml__customer_intents') }}
    )
{%- endmacro %}
