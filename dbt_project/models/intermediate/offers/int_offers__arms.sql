-- Step 8: the customer's arm picks one action. decisioned: the highest priority that reaches the threshold; random:
-- every surviving action with the same probability, drawn by hash, which is its action_probability; propensity_only:
-- the highest propensity; holdout: none. Every pick has a total order.
with candidates as (
    select * exclude (drop_reason)
    from {{ ref('int_offers__priority') }}
    where drop_reason is null
),

customers as (
    select
        customer_id,
        experiment_id,
        arm
    from {{ ref('int_offers__customers') }}
),

keyed as (
    select
        candidates.*,
        customers.arm,
        case customers.arm
            when 'decisioned' then candidates.priority
            when 'propensity_only' then candidates.propensity
            else 0
        end as pick_value,
        case
            when customers.arm = 'random'
                then md5(concat_ws(
                    '|',
                    customers.experiment_id,
                    cast({{ as_of_date() }} as varchar),
                    candidates.customer_id,
                    candidates.product_id,
                    candidates.channel
                ))
            else ''
        end as pick_draw
    from candidates
    inner join customers on candidates.customer_id = customers.customer_id
),

ordered as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by pick_value desc, pick_draw asc, product_id asc, channel asc
        ) as pick_order,
        count(*) over (partition by customer_id) as surviving_actions
    from keyed
)

select
    customer_id,
    product_id,
    channel,
    propensity,
    uplift,
    context_weight,
    value,
    lever,
    priority,
    arm,
    case when arm = 'random' then round(1.0::double / surviving_actions, 9) else 1.0::double end as action_probability,
    case
        when arm = 'holdout' then 'holdout'
        when arm = 'decisioned' and priority < {{ threshold('minimum_priority') }} then 'below_priority_threshold'
        when pick_order > 1 then 'not_picked'
    end as drop_reason
from ordered
