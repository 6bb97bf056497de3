{{ config(meta={'dagster': {'ref': {'name': 'audit_message_trace'}}}) }}
-- From a message_id alone: the trace of every message of the night has its decision, features, checks and versions, a
-- released one also its citations and a consent in force, and the text's hash is the one that rendering recorded.
-- Candidates, by far the largest part, are asked of the sixteenth of messages whose id begins with 0; of a
-- night of more than `traced_messages` all parts are: every message's JSON at once outgrows DuckDB's memory and stands
-- still. The night's report says so.
{% set sixteenth = "message_id < '1'" %}
{% set count_messages %}
    select count(*) as messages from {{ ref('fct_messages') }} where as_of_date = {{ as_of_date() }}
{% endset %}
{% set asked = 'true' %}
{% if execute and run_query(count_messages).rows[0][0] > var('traced_messages') %}
    {% set asked = sixteenth %}
{% endif %}
with messages as (
    select
        message_id,
        status,
        content_hash
    from {{ ref('fct_messages') }}
    where as_of_date = {{ as_of_date() }} and {{ asked }}
),

traces as (
    select
        message_id,
        decision,
        features,
        versions,
        checks,
        citations,
        consents,
        rendered_sha256
    from {{ ref('audit_message_trace') }}
    where as_of_date = {{ as_of_date() }} and {{ asked }}
),

sampled_candidates as (
    select
        message_id,
        candidates
    from {{ ref('audit_message_trace') }}
    where as_of_date = {{ as_of_date() }} and {{ sixteenth }}
)

select
    messages.message_id,
    messages.status
from messages
left join traces on messages.message_id = traces.message_id
where
    traces.decision is null
    or traces.features is null
    or traces.versions is null
    or traces.checks is null
    or (
        messages.status = 'released'
        and (
            traces.citations is null
            or coalesce(json_extract_string(traces.consents, '$[#-1].status') != 'granted', true)
            or coalesce(traces.rendered_sha256 != messages.content_hash, true)
        )
    )
union all
select
    message_id,
    'candidates' as status
from sampled_candidates
where candidates is null
