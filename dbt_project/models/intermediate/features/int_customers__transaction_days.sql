{%- set spending_groups = ['housing', 'essentials', 'discretionary', 'transfer', 'fees'] -%}
with transactions as (
    select
        posted.customer_id,
        posted.posted_on,
        posted.amount_usd,
        posted.balance_usd,
        -- Sorted by instant, then by key: the largest is the day's last.
        case
            when posted.balance_usd is not null
                then
                    struct_pack(
                        posted_at := posted.posted_at,
                        transaction_id := posted.transaction_id,
                        balance_usd := posted.balance_usd
                    )
        end as recorded,
        coalesce(categories.category_group, 'other') as category_group
    from {{ ref('int_transactions__as_known') }} as posted
    left join {{ ref('seed_transaction_categories') }} as categories on posted.category = categories.category
    where posted.posted_on <= {{ as_of_date() }}
)

select
    customer_id,
    posted_on as activity_date,
    cast(count(*) as integer) as txn_count,
    cast(count(*) filter (where amount_usd < 0) as integer) as outflow_count,
    {{ money('sum(amount_usd) filter (where amount_usd > 0)') }} as inflow_usd,
    {{ money('-sum(amount_usd) filter (where amount_usd < 0)') }} as outflow_usd,
    {{ money('-min(amount_usd) filter (where amount_usd < 0)') }} as max_outflow_usd,
    {{ money("sum(amount_usd) filter (where amount_usd > 0 and category_group = 'income')") }} as income_usd,
    max(recorded).balance_usd as closing_balance_usd,
    min(balance_usd) as lowest_balance_usd
    {%- for group in spending_groups %},
    {{ money("-sum(amount_usd) filter (where amount_usd < 0 and category_group = '" ~ group ~ "')") }}
        as {{ group }}_usd
    {%- endfor %}
from transactions
group by customer_id, posted_on
