select
    template_id,
    sentence_number,
    claim_number,
    sentence,
    claim_type,
    claim_value,
    doc_id,
    doc_version,
    doc_valid_from,
    doc_valid_to_inclusive as doc_valid_to,
    chunk_id,
    quote,
    quote_start,
    quote_end,
    verdict,
    method
from {{ ref('stg_rag__template_citations') }}
