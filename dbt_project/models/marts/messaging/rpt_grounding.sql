select
    as_of_date,
    writer,
    configuration,
    sentences,
    unsupported_sentences,
    unsupported_rate,
    low,
    high,
    citation_recall,
    citation_precision,
    answer_rate
from {{ ref('stg_rag__grounding_evaluations') }}
