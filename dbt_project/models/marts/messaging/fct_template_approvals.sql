select
    template_id,
    decided_at,
    status,
    approver,
    note
from {{ ref('stg_rag__template_approvals') }}
