{{ config(materialized='view') }}

-- From a message_id alone: why this customer, why this product, where every number stood that night, every rule's
-- verdict, the consent in force, and the versions of data, model, prompt and corpus. Instants are written out in UTC,
-- or the text would depend on the reader's session. Parents carry no database name, so that the view stands in the
-- published file as it stands here.
{% set utc = '%Y-%m-%dT%H:%M:%SZ' %}

select
    messages.message_id,
    (
        select to_json(decision)
        from (
            select
                * exclude (run_id)
                replace (strftime(timezone('UTC', send_at), '{{ utc }}') as send_at)
            from {{ ref('fct_offer_decisions').include(database=false) }}
        ) as decision
        where decision.decision_id = messages.decision_id
    ) as decision,
    (
        select
            to_json(list(
                candidate
                order by candidate.priority desc nulls last, candidate.product_id asc, candidate.channel asc
            ))
        from (
            select *
            from {{ ref('fct_offer_candidates').include(database=false) }}
        ) as candidate
        where candidate.as_of_date = messages.as_of_date and candidate.customer_id = messages.customer_id
    ) as candidates,
    (
        select send_features.features
        from {{ ref('audit_send_features').include(database=false) }} as send_features
        where send_features.as_of_date = messages.as_of_date and send_features.customer_id = messages.customer_id
    ) as features,
    (
        select to_json(list(citation order by citation.sentence_number, citation.claim_number))
        from (
            select *
            from {{ ref('fct_message_citations').include(database=false) }}
        ) as citation
        where citation.template_id = messages.template_id
    ) as citations,
    (
        select to_json(list(rule_check order by rule_check.rule_id, rule_check.message_id nulls first))
        from (
            select *
            from {{ ref('fct_message_checks').include(database=false) }}
        ) as rule_check
        where
            rule_check.message_id = messages.message_id
            or (rule_check.message_id is null and rule_check.template_id = messages.template_id)
    ) as checks,
    (
        select
            to_json(list(
                struct_pack(
                    channel := consent.channel,
                    purpose := consent.purpose,
                    status := consent.status,
                    changed_at := strftime(timezone('UTC', consent.changed_at), '{{ utc }}'),
                    source := consent.source,
                    evidence_text := consent.evidence_text,
                    loaded_as_of_date := consent.loaded_as_of_date
                )
                order by consent.changed_at, consent.loaded_as_of_date
            ))
        from {{ source('raw', 'consents').include(database=false) }} as consent
        where
            consent.customer_id = messages.customer_id
            and consent.channel = messages.channel
            and consent.purpose = 'marketing'
            and consent.loaded_as_of_date <= messages.as_of_date
            and consent.changed_at < timezone('{{ var("bank_timezone") }}', cast(messages.as_of_date + 1 as timestamp))
    ) as consents,
    (
        select
            to_json(struct_pack(
                product_version := decision.product_version,
                model_version := decision.model_version,
                policy_version := decision.policy_version,
                segment_model_version := segment.model_version,
                intent_model_version := intent.model_version,
                brief_id := messages.brief_id,
                template_id := messages.template_id,
                writer := template.writer,
                model_digest := template.model_digest,
                prompt_version := template.prompt_version,
                rules_version := template.rules_version,
                corpus_version := template.corpus_version,
                is_fallback := template.is_fallback,
                first_written_as_of_date := template.first_written_as_of_date
            ))
        from {{ ref('fct_offer_decisions').include(database=false) }} as decision
        left join {{ source('rag', 'templates').include(database=false) }} as template
            on template.template_id = messages.template_id
        left join {{ source('ml', 'customer_segments').include(database=false) }} as segment
            on decision.customer_id = segment.customer_id and decision.as_of_date = segment.as_of_date
        left join {{ source('ml', 'customer_intents').include(database=false) }} as intent
            on decision.customer_id = intent.customer_id and decision.as_of_date = intent.as_of_date
        where decision.decision_id = messages.decision_id
    ) as versions,
    sha256(concat(coalesce(messages.subject, ''), coalesce(messages.body, ''))) as rendered_sha256
from {{ ref('fct_messages').include(database=false) }} as messages
