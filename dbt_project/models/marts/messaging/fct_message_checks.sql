with of_templates as (
    select
        template_id,
        rule_id,
        cast(null as varchar) as message_id,
        rule_version,
        verdict,
        evidence
    from {{ ref('stg_rag__template_checks') }}
),

of_messages as (
    select
        template_id,
        rule_id,
        message_id,
        rule_version,
        verdict,
        evidence
    from {{ ref('stg_rag__message_checks') }}
)

select * from of_templates
union all
select * from of_messages
