{% macro as_known(relation, key, known_on) -%}
    select *
    from {{ relation }}
    where loaded_as_of_date <= {{ known_on }}
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by loaded_as_of_date desc, source_file desc, source_row_number desc
    ) = 1
{%- endmacro %}
