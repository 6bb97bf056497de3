{{ config(meta={'dagster': {'ref': {'name': 'fct_messages'}}}) }}
-- Sends = messages, released and withheld: each send has exactly one message, of the same customer, night, channel
-- and instant, and no message is without a send.
with sends as (
    select * from {{ ref('fct_offer_decisions') }}
    where outcome = 'send'
),

messages as (
    select
        *,
        count(*) over (partition by decision_id) as messages_of_decision
    from {{ ref('fct_messages') }}
)

select
    sends.decision_id as send,
    messages.message_id as message
from sends
full outer join messages on sends.decision_id = messages.decision_id
where
    sends.decision_id is null
    or messages.decision_id is null
    or messages.messages_of_decision != 1
    or sends.customer_id != messages.customer_id
    or sends.as_of_date != messages.as_of_date
    or sends.channel != messages.channel
    or sends.send_at != messages.send_at
