with spine as (
    select * from {{ ref('int_customers__spine') }}
),

relationships as (
    select * from {{ ref('int_customers__relationships') }}
),

transactions as (
    select * from {{ ref('int_customers__transaction_windows') }}
),

events as (
    select * from {{ ref('int_customers__event_windows') }}
),

contacts as (
    select * from {{ ref('int_customers__contact_windows') }}
)

-- Every column is written out: this list is the interface that the allow-list of learning is held against.
select
    -- key and snapshot
    spine.customer_id,
    spine.as_of_date,
    spine.split,
    spine.is_tonight,
    spine.is_month_end,
    spine.is_window_complete,
    -- static
    relationships.tenure_days,
    relationships.household_size,
    relationships.products_held,
    relationships.holds_deposit,
    relationships.holds_card,
    relationships.holds_loan,
    relationships.holds_mortgage,
    relationships.holds_investment,
    relationships.holds_insurance,
    relationships.holds_other,
    relationships.consented_channels,
    relationships.days_since_last_opening,
    -- transactions
    coalesce(transactions.txn_count_7d, 0) as txn_count_7d,
    coalesce(transactions.txn_count_30d, 0) as txn_count_30d,
    coalesce(transactions.txn_count_90d, 0) as txn_count_90d,
    coalesce(transactions.inflow_usd_7d, 0) as inflow_usd_7d,
    coalesce(transactions.inflow_usd_30d, 0) as inflow_usd_30d,
    coalesce(transactions.inflow_usd_90d, 0) as inflow_usd_90d,
    coalesce(transactions.outflow_usd_7d, 0) as outflow_usd_7d,
    coalesce(transactions.outflow_usd_30d, 0) as outflow_usd_30d,
    coalesce(transactions.outflow_usd_90d, 0) as outflow_usd_90d,
    coalesce(transactions.net_flow_usd_30d, 0) as net_flow_usd_30d,
    coalesce(transactions.balance_proxy_usd, 0) as balance_proxy_usd,
    transactions.balance_usd,
    transactions.lowest_balance_ratio_30d,
    transactions.spend_trend_30d,
    coalesce(transactions.active_days_30d, 0) as active_days_30d,
    coalesce(transactions.mean_outflow_usd_30d, 0) as mean_outflow_usd_30d,
    coalesce(transactions.max_outflow_usd_30d, 0) as max_outflow_usd_30d,
    coalesce(transactions.income_usd_30d, 0) as income_usd_30d,
    coalesce(transactions.housing_usd_30d, 0) as housing_usd_30d,
    coalesce(transactions.essentials_usd_30d, 0) as essentials_usd_30d,
    coalesce(transactions.discretionary_usd_30d, 0) as discretionary_usd_30d,
    coalesce(transactions.transfer_usd_30d, 0) as transfer_usd_30d,
    coalesce(transactions.fees_usd_30d, 0) as fees_usd_30d,
    transactions.days_since_last_txn,
    -- app and web events
    coalesce(events.app_event_count_7d, 0) as app_event_count_7d,
    coalesce(events.app_event_count_30d, 0) as app_event_count_30d,
    coalesce(events.app_event_count_90d, 0) as app_event_count_90d,
    events.days_since_last_event,
    coalesce(events.high_intent_events_7d, 0) as high_intent_events_7d,
    coalesce(events.high_intent_events_30d, 0) as high_intent_events_30d,
    coalesce(events.high_intent_events_90d, 0) as high_intent_events_90d,
    coalesce(events.topic_deposit_events_30d, 0) as topic_deposit_events_30d,
    coalesce(events.topic_deposit_events_90d, 0) as topic_deposit_events_90d,
    coalesce(events.topic_card_events_30d, 0) as topic_card_events_30d,
    coalesce(events.topic_card_events_90d, 0) as topic_card_events_90d,
    coalesce(events.topic_loan_events_30d, 0) as topic_loan_events_30d,
    coalesce(events.topic_loan_events_90d, 0) as topic_loan_events_90d,
    coalesce(events.topic_mortgage_events_30d, 0) as topic_mortgage_events_30d,
    coalesce(events.topic_mortgage_events_90d, 0) as topic_mortgage_events_90d,
    coalesce(events.topic_investment_events_30d, 0) as topic_investment_events_30d,
    coalesce(events.topic_investment_events_90d, 0) as topic_investment_events_90d,
    coalesce(events.topic_insurance_events_30d, 0) as topic_insurance_events_30d,
    coalesce(events.topic_insurance_events_90d, 0) as topic_insurance_events_90d,
    coalesce(events.topic_other_events_30d, 0) as topic_other_events_30d,
    coalesce(events.topic_other_events_90d, 0) as topic_other_events_90d,
    -- contacts
    coalesce(contacts.contacts_30d, 0) as contacts_30d,
    coalesce(contacts.contacts_90d, 0) as contacts_90d,
    coalesce(contacts.responses_30d, 0) as responses_30d,
    coalesce(contacts.responses_90d, 0) as responses_90d,
    coalesce(contacts.opens_90d, 0) as opens_90d,
    coalesce(contacts.contacts_email_90d, 0) as contacts_email_90d,
    coalesce(contacts.contacts_sms_90d, 0) as contacts_sms_90d,
    coalesce(contacts.contacts_push_90d, 0) as contacts_push_90d,
    coalesce(contacts.contacts_in_app_90d, 0) as contacts_in_app_90d,
    coalesce(contacts.contacts_mail_90d, 0) as contacts_mail_90d,
    coalesce(contacts.responses_email_90d, 0) as responses_email_90d,
    coalesce(contacts.responses_sms_90d, 0) as responses_sms_90d,
    coalesce(contacts.responses_push_90d, 0) as responses_push_90d,
    coalesce(contacts.responses_in_app_90d, 0) as responses_in_app_90d,
    coalesce(contacts.responses_mail_90d, 0) as responses_mail_90d,
    contacts.days_since_last_contact,
    -- products opened and closed
    relationships.openings_90d,
    relationships.closings_90d,
    -- expanded by learning
    relationships.held_product_ids,
    relationships.attributes
from spine
inner join relationships
    on spine.customer_id = relationships.customer_id and spine.as_of_date = relationships.as_of_date
left join transactions on spine.customer_id = transactions.customer_id and spine.as_of_date = transactions.as_of_date
left join events on spine.customer_id = events.customer_id and spine.as_of_date = events.as_of_date
left join contacts on spine.customer_id = contacts.customer_id and spine.as_of_date = contacts.as_of_date
