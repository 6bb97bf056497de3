select
    customers.customer_id,
    snapshots.as_of_date,
    case
        when not snapshots.is_split_by_customer then snapshots.split
        -- Without two labelled snapshots there is nothing later to test on: a hash of the id splits the customers,
        -- 60 : 20 : 20.
        when md5_number_lower(customers.customer_id) % 100 < 60 then 'train'
        when md5_number_lower(customers.customer_id) % 100 < 80 then 'calibration'
        else 'test'
    end as split,
    snapshots.is_tonight,
    snapshots.is_month_end,
    snapshots.is_window_complete
from {{ ref('int_customers__as_known') }} as customers
inner join {{ ref('int_calendar__snapshots') }} as snapshots on customers.joined_on <= snapshots.as_of_date
