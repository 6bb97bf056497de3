-- Step 4 (B-02, B-03): marketing consent for the channel is in force at the end of as_of_date, as known tonight.
-- No record is no consent.
with candidates as (
    select
        customer_id,
        product_id,
        channel,
        propensity,
        uplift
    from {{ ref('int_offers__suitability') }}
    where drop_reason is null
),

latest as (
    select
        customer_id,
        channel,
        status,
        evidence_text
    from {{ ref('int_consents__as_known') }}
    where
        purpose = 'marketing'
        and valid_from < {{ day_end(as_of_date()) }}
        and (valid_until is null or valid_until >= {{ day_end(as_of_date()) }})
),

channels as (
    {{ in_force(ref('policy_channels'), send_date()) }}
)

select
    candidates.customer_id,
    candidates.product_id,
    candidates.channel,
    candidates.propensity,
    candidates.uplift,
    case
        when latest.status is null then 'consent_missing'
        when latest.status != 'granted' then 'consent_withdrawn'
        when channels.needs_evidence_text and coalesce(trim(latest.evidence_text), '') = ''
            then 'consent_without_evidence'
    end as drop_reason
from candidates
inner join channels on candidates.channel = channels.channel
left join latest
    on candidates.customer_id = latest.customer_id and candidates.channel = latest.channel
