{{ config(meta={'dagster': {'ref': {'name': 'fct_offer_decisions'}}}) }}
-- A hold has a reason and no action; a send has an action that is complete and no hold reason.
select
    decision_id,
    outcome,
    hold_reason
from {{ ref('fct_offer_decisions') }}
where
    (outcome = 'hold') is distinct from (hold_reason is not null)
    or (outcome = 'hold' and coalesce(product_id, channel, intensity, timezone, cast(send_at as varchar)) is not null)
    or (
        outcome = 'send'
        and (
            product_id is null or product_version is null or channel is null or send_slot is null or send_at is null
            or timezone is null or intensity is null or propensity is null or priority is null or intent is null
        )
    )
    or (arm = 'holdout' and outcome = 'send')
    or (arm != 'random' and action_probability != 1)
