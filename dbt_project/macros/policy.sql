{% macro send_date() -%}
({{ as_of_date() }} + 1)
{%- endmacro %}

{% macro in_force(relation, on_date) -%}
    select *
    from {{ relation }}
    where
        effective_from <= {{ on_date }}
        and (effective_to is null or effective_to >= {{ on_date }})
{%- endmacro %}

{% macro stable_bucket(parts, buckets) -%}
cast(md5_number_lower(concat_ws('|', {{ parts | join(', ') }})) % {{ buckets }} as integer)
{%- endmacro %}

{% macro threshold(name) -%}
    (
        select thresholds.value
        from ({{ in_force(ref('policy_thresholds'), send_date()) }}) as thresholds
        where thresholds.name = '{{ name }}'
    )
{%- endmacro %}

{% macro intensity_rank(label) -%}
case {{ label }} when 'low' then 0 when 'medium' then 1 when 'high' then 2 end
{%- endmacro %}
