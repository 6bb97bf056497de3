select
    message_id,
    decision_id,
    customer_id,
    as_of_date,
    brief_id,
    template_id,
    channel,
    subject,
    body,
    slots,
    status,
    withheld_reason,
    send_at,
    expires_at,
    timezone,
    content_hash
from {{ ref('stg_rag__messages') }}
