-- Step 2: the channel carries the product, copy exists in the customer's language, and the models have an opinion.
with candidates as (
    select * from {{ ref('int_offers__eligibility') }}
    where drop_reason is null
),

customers as (
    select
        customer_id,
        language,
        intent
    from {{ ref('int_offers__customers') }}
),

products as (
    select
        product_id,
        channels
    from {{ ref('int_offers__products') }}
),

languages as (
    {{ in_force(ref('policy_languages'), send_date()) }}
),

scores as (
    select
        customer_id,
        product_id,
        channel,
        propensity,
        uplift
    from {{ ref('stg_ml__action_scores') }}
    where as_of_date = {{ as_of_date() }}
)

select
    candidates.customer_id,
    candidates.product_id,
    candidates.channel,
    scores.propensity,
    scores.uplift,
    case
        when not list_contains(products.channels, candidates.channel) then 'channel_not_offered'
        when languages.language is null then 'language_not_served'
        when customers.intent is null then 'no_intent'
        when scores.propensity is null then 'no_score'
    end as drop_reason
from candidates
inner join customers on candidates.customer_id = customers.customer_id
inner join products on candidates.product_id = products.product_id
left join languages on customers.language = languages.language
left join scores
    on
        candidates.customer_id = scores.customer_id
        and candidates.product_id = scores.product_id
        and candidates.channel = scores.channel
