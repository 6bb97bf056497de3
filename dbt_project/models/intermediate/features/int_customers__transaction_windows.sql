{%- set groups = ['income', 'housing', 'essentials', 'discretionary', 'transfer', 'fees'] -%}
with snapshot_days as (
    {{ snapshot_days(90) }}
),

windowed as (
    select
        days.customer_id,
        snapshot_days.as_of_date
        {%- for window in [7, 30, 90] %},
        {{ sum_in_days('txn_count', window) }} as txn_count_{{ window }}d,
        {{ sum_in_days('inflow_usd', window, 'decimal(18, 2)') }} as inflow_usd_{{ window }}d,
        {{ sum_in_days('outflow_usd', window, 'decimal(18, 2)') }} as outflow_usd_{{ window }}d
        {%- endfor %}
        {%- for group in groups %},
        {{ sum_in_days(group ~ '_usd', 30, 'decimal(18, 2)') }} as {{ group }}_usd_30d
        {%- endfor %},
        {{ sum_in_days('outflow_count', 30) }} as outflow_count_30d,
        cast(count(*) filter (where days_ago < 30) as integer) as active_days_30d,
        {{ money('max(max_outflow_usd) filter (where days_ago < 30)') }} as max_outflow_usd_30d,
        min(days.lowest_balance_usd) filter (where days_ago < 30) as lowest_balance_usd_30d
    from {{ ref('int_customers__transaction_days') }} as days
    inner join snapshot_days on days.activity_date = snapshot_days.activity_date
    group by days.customer_id, snapshot_days.as_of_date
),

flows as (
    select
        customer_id,
        activity_date,
        sum(inflow_usd - outflow_usd) over (
            partition by customer_id order by activity_date rows unbounded preceding
        ) as balance_proxy_usd
    from {{ ref('int_customers__transaction_days') }}
),

recorded_balances as (
    select
        customer_id,
        activity_date,
        closing_balance_usd
    from {{ ref('int_customers__transaction_days') }}
    where closing_balance_usd is not null
),

so_far as (
    select
        spine.customer_id,
        spine.as_of_date,
        flows.activity_date as last_txn_on,
        flows.balance_proxy_usd
    from {{ ref('int_customers__spine') }} as spine
    asof inner join flows
        on spine.customer_id = flows.customer_id and spine.as_of_date >= flows.activity_date
),

last_recorded as (
    select
        spine.customer_id,
        spine.as_of_date,
        recorded_balances.closing_balance_usd as balance_usd
    from {{ ref('int_customers__spine') }} as spine
    asof inner join recorded_balances
        on spine.customer_id = recorded_balances.customer_id and spine.as_of_date >= recorded_balances.activity_date
)

select
    so_far.customer_id,
    so_far.as_of_date
    {%- for window in [7, 30, 90] %},
    coalesce(windowed.txn_count_{{ window }}d, 0) as txn_count_{{ window }}d
    {%- endfor %}
    {%- for direction in ['inflow', 'outflow'] %}
    {%- for window in [7, 30, 90] %},
    {{ money('windowed.' ~ direction ~ '_usd_' ~ window ~ 'd') }} as {{ direction }}_usd_{{ window }}d
    {%- endfor %}
    {%- endfor %},
    {{ money('windowed.inflow_usd_30d - windowed.outflow_usd_30d') }} as net_flow_usd_30d,
    {{ money('so_far.balance_proxy_usd') }} as balance_proxy_usd,
    last_recorded.balance_usd,
    round(cast(windowed.lowest_balance_usd_30d as double) / nullif(windowed.outflow_usd_30d, 0), 6)
        as lowest_balance_ratio_30d,
    round(cast(3 * windowed.outflow_usd_30d as double) / nullif(windowed.outflow_usd_90d, 0), 6) as spend_trend_30d,
    coalesce(windowed.active_days_30d, 0) as active_days_30d,
    {{ money('round(windowed.outflow_usd_30d / nullif(windowed.outflow_count_30d, 0), 2)') }} as mean_outflow_usd_30d,
    {{ money('windowed.max_outflow_usd_30d') }} as max_outflow_usd_30d
    {%- for group in groups %},
    {{ money('windowed.' ~ group ~ '_usd_30d') }} as {{ group }}_usd_30d
    {%- endfor %},
    cast(so_far.as_of_date - so_far.last_txn_on as integer) as days_since_last_txn
from so_far
left join windowed on so_far.customer_id = windowed.customer_id and so_far.as_of_date = windowed.as_of_date
left join last_recorded
    on so_far.customer_id = last_recorded.customer_id and so_far.as_of_date = last_recorded.as_of_date
