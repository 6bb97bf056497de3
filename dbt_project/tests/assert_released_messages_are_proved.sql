{{ config(meta={'dagster': {'ref': {'name': 'fct_messages'}}}) }}
-- A released message has a template that stood approved on its night, at least one citation, no citation
-- unsupported, and no check blocked, neither of the template nor of the message; a withheld one says why.
with messages as (
    select
        message_id,
        as_of_date,
        template_id,
        status,
        withheld_reason,
        body
    from {{ ref('fct_messages') }}
),

approvals as (
    select
        messages.message_id,
        max_by(decided.status, (decided.effective_from, decided.decided_at)) in ('approved', 'automatic') as is_approved
    from messages
    inner join {{ ref('fct_template_approvals') }} as decided
        on messages.template_id = decided.template_id and messages.as_of_date >= decided.effective_from
    group by messages.message_id
),

citations as (
    select
        template_id,
        count(*) as citation_count,
        count(*) filter (where verdict = 'unsupported') as unsupported_count
    from {{ ref('fct_message_citations') }}
    group by template_id
),

blocked_templates as (
    select distinct template_id
    from {{ ref('fct_message_checks') }}
    where verdict = 'blocked' and message_id is null
),

blocked_messages as (
    select distinct message_id
    from {{ ref('fct_message_checks') }}
    where verdict = 'blocked' and message_id is not null
)

select
    messages.message_id,
    messages.status,
    approvals.is_approved,
    citations.citation_count,
    citations.unsupported_count,
    blocked_templates.template_id as blocked_template,
    blocked_messages.message_id as blocked_message
from messages
left join approvals on messages.message_id = approvals.message_id
left join citations on messages.template_id = citations.template_id
left join blocked_templates on messages.template_id = blocked_templates.template_id
left join blocked_messages on messages.message_id = blocked_messages.message_id
where
    (messages.status = 'withheld') is distinct from (messages.withheld_reason is not null)
    or (
        messages.status = 'released'
        and (
            coalesce(trim(messages.body), '') = ''
            or not coalesce(approvals.is_approved, false)
            or coalesce(citations.citation_count, 0) = 0
            or citations.unsupported_count > 0
            or blocked_templates.template_id is not null
            or blocked_messages.message_id is not null
        )
    )
