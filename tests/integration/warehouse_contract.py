"""The published interface: every table people query, with the columns and types they rely on."""

# Types: v varchar, d date, t timestamptz, m decimal(18,2), i integer, f double, b boolean, V varchar[], F double[],
# E float[], j json.
TYPES = {
    "v": "VARCHAR",
    "d": "DATE",
    "t": "TIMESTAMP WITH TIME ZONE",
    "m": "DECIMAL(18,2)",
    "i": "INTEGER",
    "f": "DOUBLE",
    "b": "BOOLEAN",
    "V": "VARCHAR[]",
    "F": "DOUBLE[]",
    "E": "FLOAT[]",
    "j": "JSON",
}

CONTRACT = {
    "raw.customers": "customer_id:v joined_on:d state:v timezone:v source_file:v source_row_number:i "
    "loaded_as_of_date:d",
    "raw.transactions": "transaction_id:v customer_id:v posted_at:t amount:m category:v counterparty_type:v "
    "balance_usd:m loaded_as_of_date:d",
    "raw.events": "event_id:v customer_id:v occurred_at:t event_type:v topic:v channel:v loaded_as_of_date:d",
    "raw.consents": "customer_id:v channel:v purpose:v status:v changed_at:t source:v evidence_text:v",
    "raw.products": "product_id:v name:v family:v margin:m valid_from:d valid_to:d channels:v states:v min_age:i",
    "raw.holdings": "customer_id:v product_id:v opened_on:d closed_on:d",
    "raw.contacts": "contact_id:v customer_id:v sent_at:t product_id:v channel:v send_slot:i intensity:v arm:v "
    "action_probability:f response:v responded_at:t",
    "raw.rejects": "file:v row_number:i rule:v column_name:v value:v message:v loaded_as_of_date:d",
    "raw.loads": "file:v loaded_as_of_date:d rows_read:i rows_loaded:i rows_rejected:i",
    "truth.customers": "customer_id:v segment:i trait:i",
    "truth.customer_months": "customer_id:v month_end:d intent:i",
    "truth.response_probabilities": "customer_id:v as_of_date:d product_id:v channel:v send_slot:i intensity:v "
    "probability_treated:f probability_control:f",
    "truth.planted_defects": "kind:v file:v row_number:i",
    "ml.customer_segments": "customer_id:v as_of_date:d segment:i segment_name:v method:v membership_probability:f "
    "model_version:v",
    "ml.customer_intents": "customer_id:v as_of_date:d intent:i intent_name:v readiness:f probabilities:F "
    "model_version:v",
    "ml.customer_embeddings": "customer_id:v as_of_date:d embedding:E model_version:v",
    "ml.predictions": "customer_id:v as_of_date:d target:v label:v probability:f model_version:v",
    "ml.action_scores": "customer_id:v as_of_date:d product_id:v channel:v propensity:f uplift:f uplift_low:f "
    "uplift_high:f model_version:v",
    "ml.model_runs": "model_name:v model_version:v as_of_date:d trained_from:d trained_to:d row_count:i parameters:j "
    "features:V code_version:v data_hash:v seconds:f",
    "ml.model_metrics": "model_name:v model_version:v split:v metric:v label:v value:f low:f high:f",
    "ml.model_ablation": "as_of_date:d target:v feature_set:v metric:v split:v value:f low:f high:f share_of_ceiling:f",
    "ml.ceilings": "target:v metric:v observer:v value:f low:f high:f method:v",
    "ml.policy_values": "as_of_date:d policy:v estimator:v value:f low:f high:f effective_sample_size:f true_value:f "
    "verdict:v",
    "ml.fairness": "as_of_date:d attribute:v group_value:v product_id:v channel:v metric:v value:f low:f high:f "
    "customers:i verdict:v",
    "rag.documents": "doc_id:v doc_version:v title:v kind:v text:v valid_from:d valid_to:d content_hash:v",
    "rag.chunks": "chunk_id:v doc_id:v doc_version:v text:v char_start:i char_end:i product_ids:V jurisdictions:V",
    "rag.briefs": "brief_id:v product_id:v product_version:v channel:v intent:i intensity:v language:v "
    "jurisdiction_group:v",
    "rag.templates": "template_id:v brief_id:v subject:v body:v sentences:j writer:v model_digest:v prompt_version:v "
    "rules_version:v corpus_version:v is_fallback:b",
    "marts.dim_customers": "customer_id:v joined_on:d state:v is_active:b segment_name:v intent_name:v readiness:f "
    "products_held:i as_of_date:d",
    "marts.dim_products": "product_id:v valid_from:d name:v family:v valid_to:d",
    "marts.dim_customer_consents": "customer_id:v channel:v purpose:v valid_from:t valid_to:t status:v source:v",
    "marts.fct_customer_months": "customer_id:v month_end:d is_active:b txn_count_7d:i txn_count_30d:i txn_count_90d:i "
    "inflow_usd_30d:m outflow_usd_30d:m balance_proxy_usd:m balance_usd:m spend_trend_30d:f days_since_last_txn:i "
    "app_event_count_30d:i contacts_30d:i responses_90d:i products_held:i is_window_complete:b",
    "marts.fct_offer_candidates": "as_of_date:d customer_id:v product_id:v channel:v dropped_at_step:v drop_reason:v "
    "propensity:f uplift:f context_weight:f value:f lever:f priority:f",
    "marts.fct_offer_decisions": "decision_id:v as_of_date:d customer_id:v outcome:v hold_reason:v arm:v product_id:v "
    "channel:v send_slot:i send_at:t timezone:v intensity:v propensity:f uplift:f context_weight:f value:f lever:f "
    "priority:f action_probability:f reason_codes:V segment:i intent:i model_version:v policy_version:v run_id:v",
    "marts.rpt_decision_funnel": "as_of_date:d product_id:v channel:v step_number:i step:v candidates_in:i dropped:i "
    "candidates_out:i",
    "marts.fct_messages": "message_id:v decision_id:v customer_id:v as_of_date:d template_id:v channel:v "
    "subject:v body:v "
    "status:v withheld_reason:v send_at:t expires_at:t timezone:v content_hash:v",
    "marts.fct_message_citations": "template_id:v sentence_number:i claim_number:i sentence:v claim_type:v "
    "claim_value:v "
    "doc_id:v doc_version:v doc_valid_from:d doc_valid_to:d chunk_id:v quote:v quote_start:i quote_end:i verdict:v "
    "method:v",
    "marts.fct_message_checks": "template_id:v rule_id:v message_id:v rule_version:v verdict:v evidence:v",
    "marts.fct_template_approvals": "template_id:v decided_at:t status:v approver:v note:v",
    "marts.audit_message_trace": "message_id:v decision:j candidates:j features:j citations:j checks:j consents:j "
    "versions:j rendered_sha256:v",
    "marts.rpt_grounding": "as_of_date:d writer:v configuration:v sentences:i unsupported_sentences:i "
    "unsupported_rate:f "
    "low:f high:f citation_recall:f citation_precision:f answer_rate:f",
    "marts.rpt_nightly_run": "as_of_date:d run_id:v started_at:t finished_at:t customers:i sends:i holds:i "
    "templates_written:i templates_reused:i language_model_calls:i messages_released:i messages_withheld:i writer:v "
    "night_hash:v content_hash:v",
}

# Their own work fills them later.
MAY_BE_EMPTY = {"ml.policy_values", "ml.fairness", "marts.rpt_grounding"}


def expected_columns(table: str) -> dict[str, str]:
    """Return the contracted columns of one table with their DuckDB types."""
    return {name: TYPES[kind] for name, kind in (entry.split(":") for entry in CONTRACT[table].split())}
