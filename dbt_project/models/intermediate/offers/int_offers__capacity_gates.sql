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
    -- full years on the send date; born on 29 February, a year is full on 1 March
    year({{ send_date() }}) - year(protected.birth_date)
    - case when strftime({{ send_date() }}, '%m-%d') < strftime(protected.birth_date, '%m-%d') then 1 else 0 end
    >= ages.least_age as is_reached
from protected
cross join ages
where protected.birth_date is not null
