select
    customer_id,
    channel,
    purpose,
    status,
    changed_at as valid_from,
    lead(changed_at) over (partition by customer_id, channel, purpose order by changed_at) as valid_until,
    source,
    evidence_text,
    loaded_as_of_date
from (
    {{ as_known(
        ref('stg_bank__consents'), ['customer_id', 'channel', 'purpose', 'changed_at'], as_of_date()
    ) }}
) as latest_versions
