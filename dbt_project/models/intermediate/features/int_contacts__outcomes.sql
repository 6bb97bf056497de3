with contacts as (
    select *
    from {{ ref('int_contacts__as_known') }}
    where arm in ('treatment', 'control')
),

product_families as (
    select
        product_id,
        family
    from {{ ref('int_products__as_known') }}
    where is_latest_version
),

-- The latest snapshot before the day of sending: what was known when the contact was chosen.
contact_snapshots as (
    select
        contacts.contact_id,
        max(spine.as_of_date) as as_of_date
    from contacts
    inner join {{ ref('int_customers__spine') }} as spine
        on contacts.customer_id = spine.customer_id and contacts.sent_on > spine.as_of_date
    group by contacts.contact_id
)

select
    contacts.contact_id,
    contacts.customer_id,
    contact_snapshots.as_of_date,
    contacts.sent_on,
    contacts.product_id,
    case when contacts.product_id is not null then coalesce(product_families.family, 'other') end as family,
    contacts.channel,
    contacts.send_slot,
    contacts.intensity,
    contacts.arm,
    contacts.action_probability,
    -- A contact whose window still runs has no label, even if it was answered: only slow silence would be missing.
    case
        when contacts.window_ends_at <= {{ day_end(as_of_date()) }} then contacts.answered_at is not null
    end as answered,
    contacts.response,
    spine.split
from contacts
inner join contact_snapshots on contacts.contact_id = contact_snapshots.contact_id
inner join {{ ref('int_customers__spine') }} as spine
    on contacts.customer_id = spine.customer_id and contact_snapshots.as_of_date = spine.as_of_date
left join product_families on contacts.product_id = product_families.product_id
