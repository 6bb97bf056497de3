select
    customer_id,
    channel,
    purpose,
    changed_at as valid_from,
    lead(changed_at) over (partition by customer_id, channel, purpose order by changed_at) as valid_to,
    status,
    source
from (
    {{ as_known(
        ref('stg_bank__consents'), ['customer_id', 'channel', 'purpose', 'changed_at'], latest_night()
    ) }}
) as latest_versions
