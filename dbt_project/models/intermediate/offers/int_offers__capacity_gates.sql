-- The only place that reads the date of birth (B-10): what leaves is whether an age is reached on the send date.
with protected as (
    {{ as_known(ref('stg_bank__customers_protected'), ['customer_id'], as_of_date()) }}
),

ages as (
    select distinct min_age as least_age
    from {{ ref('int_offers__products') }}
    where min_age is not null
    union
    select cast({{ threshold('least_marketing_age') }} as integer) as least_age
)

select
    protected.customer_id,
    ages.least_age,
    date_sub('year', protected.birth_date, {{ send_date() }}) >= ages.least_age as is_reached
from protected
cross join ages
where protected.birth_date is not null
