{% macro as_of_date() -%}
    {%- set night = var('as_of_date', none) or (env_var('WORDBOND_AS_OF_DATE', '') if execute else none) -%}
    {%- if execute and not night -%}
        {{ exceptions.raise_compiler_error(
            "as_of_date is missing: it is the only clock of logic and has no default. "
            "Pass it, for example --vars '{as_of_date: \"2025-12-31\"}', or in the variable WORDBOND_AS_OF_DATE."
        ) }}
    {%- endif -%}
    cast('{{ night or "1990-01-01" }}' as date)
{%- endmacro %}

{% macro run_id() -%}
    {{ env_var('WORDBOND_RUN_ID', var('run_id')) if execute else var('run_id') }}
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
