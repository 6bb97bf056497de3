{{ config(meta={'dagster': {'ref': {'name': 'fct_message_citations'}}}) }}
-- Every quote stands verbatim at its offsets (0-based, half-open, Unicode code points) in the document version cited,
-- and the document is valid on the send date of every message released with the template: by the validity recorded
-- with the citation for all nights, and by the document itself for the night that runs (a corpus may later cut a
-- document short; that does not unsay what was true when it was sent).
with citations as (
    select * from {{ ref('fct_message_citations') }}
),

documents as (
    select * from {{ ref('stg_rag__documents') }}
),

send_dates as (
    -- the send date is the day after the night, whatever the clock of the receiver
    select
        template_id,
        min(as_of_date + 1) as first_sent_on,
        max(as_of_date + 1) as last_sent_on,
        bool_or(as_of_date = {{ as_of_date() }}) as is_sent_tonight
    from {{ ref('fct_messages') }}
    where status = 'released'
    group by template_id
)

select
    citations.template_id,
    citations.sentence_number,
    citations.claim_number,
    citations.doc_id,
    citations.doc_version,
    citations.quote,
    send_dates.first_sent_on,
    send_dates.last_sent_on
from citations
left join documents on citations.doc_id = documents.doc_id and citations.doc_version = documents.doc_version
left join send_dates on citations.template_id = send_dates.template_id
where
    (
        citations.quote is not null
        and coalesce(
            substr(documents.text, citations.quote_start + 1, citations.quote_end - citations.quote_start)
            != citations.quote,
            true
        )
    )
    or (citations.verdict = 'supported' and citations.quote is null)
    or send_dates.first_sent_on < citations.doc_valid_from
    or send_dates.last_sent_on > citations.doc_valid_to
    or (
        send_dates.is_sent_tonight
        and ({{ send_date() }} < documents.valid_from or {{ send_date() }} >= documents.valid_until)
    )
