{#- Nothing after the snapshot's day enters a feature; sums are exact and what is divided is rounded last. -#}
{%- set families = ['deposit', 'card', 'loan', 'mortgage', 'investment', 'insurance', 'other'] -%}
{%- set channels = ['email', 'sms', 'push', 'in_app', 'mail'] -%}
{%- set money_30d = ['income', 'housing', 'essentials', 'discretionary', 'transfer', 'fees'] -%}
{%- set money = 'decimal(18, 2)' -%}
with spine as (
    select * from {{ ref('int_customers__spine') }}
),

snapshots as (
    select as_of_date from {{ ref('int_calendar__snapshots') }}
),

customers as (
    select * from {{ ref('int_customers__as_known') }}
),

days as (
    select * from {{ ref('int_customers__days') }}
),

snapshot_days as (
    select
        snapshots.as_of_date,
        snapshots.as_of_date - offsets.days_ago as activity_date,
        offsets.days_ago
    from snapshots
    cross join (select cast(unnest(range(90)) as integer) as days_ago) as offsets
),

windowed as (
    select
        days.customer_id,
        snapshot_days.as_of_date
        {%- for window in [7, 30, 90] %},
        {{ sum_in_days('txn_count', window) }} as txn_count_{{ window }}d,
        {{ sum_in_days('inflow_usd', window, money) }} as inflow_usd_{{ window }}d,
        {{ sum_in_days('outflow_usd', window, money) }} as outflow_usd_{{ window }}d,
        {{ sum_in_days('app_event_count', window) }} as app_event_count_{{ window }}d,
        {{ sum_in_days('high_intent_count', window) }} as high_intent_events_{{ window }}d
        {%- endfor %}
        {%- for window in [30, 90] %}
        {%- for topic in families %},
        {{ sum_in_days('topic_' ~ topic ~ '_count', window) }} as topic_{{ topic }}_events_{{ window }}d
        {%- endfor %},
        {{ sum_in_days('contact_count', window) }} as contacts_{{ window }}d,
        {{ sum_in_days('response_count', window) }} as responses_{{ window }}d
        {%- endfor %}
        {%- for name in money_30d %},
        {{ sum_in_days(name ~ '_usd', 30, money) }} as {{ name }}_usd_30d
        {%- endfor %}
        {%- for channel in channels %},
        {{ sum_in_days('contacts_' ~ channel ~ '_count', 90) }} as contacts_{{ channel }}_90d,
        {{ sum_in_days('responses_' ~ channel ~ '_count', 90) }} as responses_{{ channel }}_90d
        {%- endfor %},
        {{ sum_in_days('open_count', 90) }} as opens_90d,
        {{ sum_in_days('outflow_count', 30) }} as outflow_count_30d,
        cast(count(*) filter (where days_ago < 30 and txn_count + app_event_count > 0) as integer) as active_days_30d,
        coalesce(max(max_outflow_usd) filter (where days_ago < 30), 0) as max_outflow_usd_30d
    from days
    inner join snapshot_days on days.activity_date = snapshot_days.activity_date
    group by days.customer_id, snapshot_days.as_of_date
),

-- What depends on the whole past is summed once per stretch between two snapshots, then run along them.
day_snapshots as (
    select
        activity_dates.activity_date,
        min(snapshots.as_of_date) as as_of_date
    from (select distinct activity_date from days) as activity_dates
    inner join snapshots on activity_dates.activity_date <= snapshots.as_of_date
    group by activity_dates.activity_date
),

stretches as (
    select
        days.customer_id,
        day_snapshots.as_of_date,
        sum(days.inflow_usd - days.outflow_usd) as net_flow_usd,
        max(days.activity_date) filter (where days.txn_count > 0) as last_txn_on,
        max(days.activity_date) filter (where days.app_event_count > 0) as last_event_on,
        max(days.activity_date) filter (where days.contact_count > 0) as last_contact_on
    from days
    inner join day_snapshots on days.activity_date = day_snapshots.activity_date
    group by days.customer_id, day_snapshots.as_of_date
),

so_far as (
    select
        spine.customer_id,
        spine.as_of_date,
        sum(stretches.net_flow_usd) over past as balance_proxy_usd,
        max(stretches.last_txn_on) over past as last_txn_on,
        max(stretches.last_event_on) over past as last_event_on,
        max(stretches.last_contact_on) over past as last_contact_on
    from spine
    left join stretches on spine.customer_id = stretches.customer_id and spine.as_of_date = stretches.as_of_date
    window past as (partition by spine.customer_id order by spine.as_of_date rows unbounded preceding)
),

product_families as (
    select product_id, family from {{ ref('int_products__as_known') }} where is_latest_version
),

holdings as (
    select
        owned.customer_id,
        owned.product_id,
        owned.opened_on,
        owned.closed_on,
        snapshots.as_of_date,
        coalesce(product_families.family, 'other') as family,
        coalesce(owned.closed_on > snapshots.as_of_date, true) as is_held
    from {{ ref('int_holdings__as_known') }} as owned
    inner join snapshots on owned.opened_on <= snapshots.as_of_date
    left join product_families on owned.product_id = product_families.product_id
),

held as (
    select
        customer_id,
        as_of_date,
        list_sort(list(distinct product_id) filter (where is_held)) as held_product_ids,
        max(opened_on) as last_opened_on,
        cast(count(*) filter (where opened_on > as_of_date - 90) as integer) as openings_90d,
        cast(count(*) filter (where not is_held and closed_on > as_of_date - 90) as integer) as closings_90d
        {%- for family in families %},
        cast(coalesce(bool_or(family = '{{ family }}') filter (where is_held), false) as integer) as holds_{{ family }}
        {%- endfor %}
    from holdings
    group by customer_id, as_of_date
),

consented as (
    select
        consents.customer_id,
        snapshots.as_of_date,
        cast(count(distinct consents.channel) as integer) as consented_channels
    from {{ ref('int_consents__as_known') }} as consents
    inner join snapshots
        on
            consents.valid_from < {{ day_end('snapshots.as_of_date') }}
            and coalesce(consents.valid_until >= {{ day_end('snapshots.as_of_date') }}, true)
    where consents.purpose = 'marketing' and consents.status = 'granted'
    group by consents.customer_id, snapshots.as_of_date
),

households as (
    select
        customers.household_id,
        spine.as_of_date,
        cast(count(*) as integer) as household_size
    from spine
    inner join customers on spine.customer_id = customers.customer_id
    where customers.household_id is not null
    group by customers.household_id, spine.as_of_date
)

select
    spine.customer_id,
    spine.as_of_date,
    spine.split,
    spine.is_tonight,
    spine.is_month_end,
    spine.is_window_complete,
    -- static
    cast(spine.as_of_date - customers.joined_on as integer) as tenure_days,
    coalesce(households.household_size, 1) as household_size,
    cast(coalesce(len(held.held_product_ids), 0) as integer) as products_held
    {%- for family in families %},
    coalesce(held.holds_{{ family }}, 0) as holds_{{ family }}
    {%- endfor %},
    coalesce(consented.consented_channels, 0) as consented_channels,
    cast(spine.as_of_date - held.last_opened_on as integer) as days_since_last_opening
    {#- transactions #}
    {%- for window in [7, 30, 90] %},
    coalesce(windowed.txn_count_{{ window }}d, 0) as txn_count_{{ window }}d
    {%- endfor %}
    {%- for direction in ['inflow', 'outflow'] %}
    {%- for window in [7, 30, 90] %},
    coalesce(windowed.{{ direction }}_usd_{{ window }}d, 0) as {{ direction }}_usd_{{ window }}d
    {%- endfor %}
    {%- endfor %},
    cast(coalesce(windowed.inflow_usd_30d - windowed.outflow_usd_30d, 0) as {{ money }}) as net_flow_usd_30d,
    cast(coalesce(so_far.balance_proxy_usd, 0) as {{ money }}) as balance_proxy_usd,
    round(cast(3 * windowed.outflow_usd_30d as double) / nullif(windowed.outflow_usd_90d, 0), 6) as spend_trend_30d,
    coalesce(windowed.active_days_30d, 0) as active_days_30d,
    cast(coalesce(
        round(windowed.outflow_usd_30d / nullif(windowed.outflow_count_30d, 0), 2), 0
    ) as {{ money }}) as mean_outflow_usd_30d,
    cast(coalesce(windowed.max_outflow_usd_30d, 0) as {{ money }}) as max_outflow_usd_30d
    {%- for name in money_30d %},
    coalesce(windowed.{{ name }}_usd_30d, 0) as {{ name }}_usd_30d
    {%- endfor %},
    cast(spine.as_of_date - so_far.last_txn_on as integer) as days_since_last_txn
    {#- app and web events #}
    {%- for window in [7, 30, 90] %},
    coalesce(windowed.app_event_count_{{ window }}d, 0) as app_event_count_{{ window }}d
    {%- endfor %},
    cast(spine.as_of_date - so_far.last_event_on as integer) as days_since_last_event
    {%- for window in [7, 30, 90] %},
    coalesce(windowed.high_intent_events_{{ window }}d, 0) as high_intent_events_{{ window }}d
    {%- endfor %}
    {%- for topic in families %}
    {%- for window in [30, 90] %},
    coalesce(windowed.topic_{{ topic }}_events_{{ window }}d, 0) as topic_{{ topic }}_events_{{ window }}d
    {%- endfor %}
    {%- endfor %}
    {#- contacts #}
    {%- for window in [30, 90] %},
    coalesce(windowed.contacts_{{ window }}d, 0) as contacts_{{ window }}d
    {%- endfor %}
    {%- for window in [30, 90] %},
    coalesce(windowed.responses_{{ window }}d, 0) as responses_{{ window }}d
    {%- endfor %},
    coalesce(windowed.opens_90d, 0) as opens_90d
    {%- for channel in channels %},
    coalesce(windowed.contacts_{{ channel }}_90d, 0) as contacts_{{ channel }}_90d
    {%- endfor %}
    {%- for channel in channels %},
    coalesce(windowed.responses_{{ channel }}_90d, 0) as responses_{{ channel }}_90d
    {%- endfor %},
    cast(spine.as_of_date - so_far.last_contact_on as integer) as days_since_last_contact,
    -- products opened and closed
    coalesce(held.openings_90d, 0) as openings_90d,
    coalesce(held.closings_90d, 0) as closings_90d,
    -- expanded by learning
    coalesce(held.held_product_ids, cast([] as varchar [])) as held_product_ids,
    customers.attributes
from spine
inner join customers on spine.customer_id = customers.customer_id
inner join so_far on spine.customer_id = so_far.customer_id and spine.as_of_date = so_far.as_of_date
left join windowed on spine.customer_id = windowed.customer_id and spine.as_of_date = windowed.as_of_date
left join held on spine.customer_id = held.customer_id and spine.as_of_date = held.as_of_date
left join consented on spine.customer_id = consented.customer_id and spine.as_of_date = consented.as_of_date
left join households
    on customers.household_id = households.household_id and spine.as_of_date = households.as_of_date
