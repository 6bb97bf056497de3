{% test one_in_force(model, columns) %}
    -- two rows of one key whose periods overlap: which of them would hold is undefined
    select {{ columns | join(', ') }}, effective_from
    from (
        select
            *,
            lag(coalesce(effective_to, date '9999-12-31')) over (
                partition by {{ columns | join(', ') }}
                order by effective_from
            ) as previous_effective_to
        from {{ model }}
    ) as periods
    where effective_from <= previous_effective_to or effective_to < effective_from
{% endtest %}
