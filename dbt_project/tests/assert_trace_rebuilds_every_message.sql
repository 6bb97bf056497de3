{{ config(meta={'dagster': {'ref': {'name': 'audit_message_trace'}}}) }}
-- From a message_id alone: the trace of a released message has its decision, candidates, features, citations, checks,
-- consent in force and versions, and the text's hash is the one rendering recorded.
select
    trace.message_id,
    messages.status
from {{ ref('audit_message_trace') }} as trace
inner join {{ ref('fct_messages') }} as messages on trace.message_id = messages.message_id
where
    messages.as_of_date = {{ as_of_date() }}
    and (
        trace.decision is null
        or trace.candidates is null
        or trace.features is null
        or trace.versions is null
        or trace.checks is null
        or (
            messages.status = 'released'
            and (
                trace.citations is null
                or coalesce(json_extract_string(trace.consents, '$[#-1].status') != 'granted', true)
                or coalesce(trace.rendered_sha256 != messages.content_hash, true)
            )
        )
    )
