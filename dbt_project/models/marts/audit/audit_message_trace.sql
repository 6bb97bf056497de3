{{ config(materialized='view') }}

-- From a message_id alone: why this customer, why this product, where every number stood that night, every rule's
-- verdict, the consent in force, and the versions of data, model, prompt and corpus. Instants are written out in UTC,
-- or the text would depend on the reader's session. Parents carry no database name, so that the view stands in the
-- published file as it stands here. Every part is joined on message_id and night and not looked up by a correlated
-- subquery: a filter on either then reaches each part's scan (milliseconds instead of all messages' JSON).
{% set utc = '%Y-%m-%dT%H:%M:%SZ' %}

with messages as (
    select * from {{ ref('fct_messages').include(database=false) }}
),

decisions as (
    select * from {{ ref('fct_offer_decisions').include(database=false) }}
),

decision_rows as (
    select
        * exclude (run_id)
        replace (strftime(timezone('UTC', send_at), '{{ utc }}') as send_at)
    from decisions
),

decision_parts as (
    select
        messages.message_id,
        messages.as_of_date,
        to_json(decision_rows) as decision
    from messages
    inner join decision_rows on messages.decision_id = decision_rows.decision_id
),

candidate_rows as (
    select * from {{ ref('fct_offer_candidates').include(database=false) }}
),

candidate_parts as (
    select
        messages.message_id,
        messages.as_of_date,
        to_json(list(
            candidate_rows
            order by candidate_rows.priority desc nulls last, candidate_rows.product_id asc, candidate_rows.channel asc
        )) as candidates
    from messages
    inner join candidate_rows
        on messages.as_of_date = candidate_rows.as_of_date and messages.customer_id = candidate_rows.customer_id
    group by messages.message_id, messages.as_of_date
),

feature_parts as (
    select
        messages.message_id,
        messages.as_of_date,
        send_features.features
    from messages
    inner join {{ ref('audit_send_features').include(database=false) }} as send_features
        on messages.as_of_date = send_features.as_of_date and messages.customer_id = send_features.customer_id
),

citation_rows as (
    select * from {{ ref('fct_message_citations').include(database=false) }}
),

citation_parts as (
    select
        messages.message_id,
        messages.as_of_date,
        to_json(list(citation_rows order by citation_rows.sentence_number, citation_rows.claim_number)) as citations
    from messages
    inner join citation_rows on messages.template_id = citation_rows.template_id
    group by messages.message_id, messages.as_of_date
),

check_rows as (
    select * from {{ ref('fct_message_checks').include(database=false) }}
),

checks_of_messages as (
    select
        messages.message_id as traced_message_id,
        messages.as_of_date,
        check_rows.*
    from messages
    inner join check_rows on messages.template_id = check_rows.template_id
    where check_rows.message_id is null
    union all
    select
        messages.message_id as traced_message_id,
        messages.as_of_date,
        check_rows.*
    from messages
    inner join check_rows on messages.message_id = check_rows.message_id
),

check_parts as (
    select
        traced_message_id as message_id,
        as_of_date,
        to_json(list(
            struct_pack(
                rule_id := rule_id,
                rule_version := rule_version,
                checked := case when message_id is null then 'template' else 'message' end,
                verdict := verdict,
                evidence := evidence
            )
            order by message_id asc nulls first, rule_id asc
        )) as checks
    from checks_of_messages
    group by traced_message_id, as_of_date
),

consent_parts as (
    select
        messages.message_id,
        messages.as_of_date,
        to_json(list(
            struct_pack(
                channel := consents.channel,
                purpose := consents.purpose,
                status := consents.status,
                changed_at := strftime(timezone('UTC', consents.changed_at), '{{ utc }}'),
                source := consents.source,
                evidence_text := consents.evidence_text,
                loaded_as_of_date := consents.loaded_as_of_date
            )
            order by consents.changed_at, consents.loaded_as_of_date
        )) as consents
    from messages
    inner join {{ source('raw', 'consents').include(database=false) }} as consents
        on messages.customer_id = consents.customer_id and messages.channel = consents.channel
    where
        consents.purpose = 'marketing'
        and consents.loaded_as_of_date <= messages.as_of_date
        and consents.changed_at < timezone('{{ var("bank_timezone") }}', cast(messages.as_of_date + 1 as timestamp))
    group by messages.message_id, messages.as_of_date
),

version_parts as (
    select
        messages.message_id,
        messages.as_of_date,
        to_json(struct_pack(
            product_version := decisions.product_version,
            model_version := decisions.model_version,
            policy_version := decisions.policy_version,
            segment_model_version := segments.model_version,
            intent_model_version := intents.model_version,
            brief_id := messages.brief_id,
            template_id := messages.template_id,
            writer := templates.writer,
            model_digest := templates.model_digest,
            prompt_version := templates.prompt_version,
            rules_version := templates.rules_version,
            corpus_version := templates.corpus_version,
            is_fallback := templates.is_fallback,
            first_written_as_of_date := templates.first_written_as_of_date
        )) as versions
    from messages
    inner join decisions on messages.decision_id = decisions.decision_id
    left join {{ source('rag', 'templates').include(database=false) }} as templates
        on messages.template_id = templates.template_id
    left join {{ source('ml', 'customer_segments').include(database=false) }} as segments
        on messages.customer_id = segments.customer_id and messages.as_of_date = segments.as_of_date
    left join {{ source('ml', 'customer_intents').include(database=false) }} as intents
        on messages.customer_id = intents.customer_id and messages.as_of_date = intents.as_of_date
)

select
    messages.message_id,
    messages.as_of_date,
    decision_parts.decision,
    candidate_parts.candidates,
    feature_parts.features,
    citation_parts.citations,
    check_parts.checks,
    consent_parts.consents,
    version_parts.versions,
    sha256(concat(coalesce(messages.subject, ''), coalesce(messages.body, ''))) as rendered_sha256
from messages
left join decision_parts
    on messages.message_id = decision_parts.message_id and messages.as_of_date = decision_parts.as_of_date
left join candidate_parts
    on messages.message_id = candidate_parts.message_id and messages.as_of_date = candidate_parts.as_of_date
left join feature_parts
    on messages.message_id = feature_parts.message_id and messages.as_of_date = feature_parts.as_of_date
left join citation_parts
    on messages.message_id = citation_parts.message_id and messages.as_of_date = citation_parts.as_of_date
left join check_parts
    on messages.message_id = check_parts.message_id and messages.as_of_date = check_parts.as_of_date
left join consent_parts
    on messages.message_id = consent_parts.message_id and messages.as_of_date = consent_parts.as_of_date
left join version_parts
    on messages.message_id = version_parts.message_id and messages.as_of_date = version_parts.as_of_date
