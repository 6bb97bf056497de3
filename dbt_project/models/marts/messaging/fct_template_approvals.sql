select
    template_id,
    decided_at,
    status,
    approver,
    note,
    effective_from
from {{ ref('stg_rag__template_approvals') }}
