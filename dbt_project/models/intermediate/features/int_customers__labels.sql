{#-
Targets of a snapshot, all observed in its label window (the day after the snapshot to label_end):
1. product: the first product opened, by (opened_on, product_id), or none.
2. channel, send_slot, intensity: those of the first answered contact, by (answered_at, contact_id), among contacts
   sent in the window whose response window is over; a later answer would make early senders look better.
-#}
with labelled as (
    select
        spine.customer_id,
        spine.as_of_date,
        spine.split,
        snapshots.label_end
    from {{ ref('int_customers__spine') }} as spine
    inner join {{ ref('int_calendar__snapshots') }} as snapshots on spine.as_of_date = snapshots.as_of_date
    where snapshots.split != 'unlabelled'
),

first_openings as (
    select
        labelled.customer_id,
        labelled.as_of_date,
        holdings.product_id
    from labelled
    inner join {{ ref('int_holdings__as_known') }} as holdings
        on
            labelled.customer_id = holdings.customer_id
            and labelled.as_of_date < holdings.opened_on
            and labelled.label_end >= holdings.opened_on
    qualify row_number() over (
        partition by labelled.customer_id, labelled.as_of_date
        order by holdings.opened_on, holdings.product_id
    ) = 1
),

first_answers as (
    select
        labelled.customer_id,
        labelled.as_of_date,
        contacts.channel,
        contacts.send_slot,
        contacts.intensity
    from labelled
    inner join {{ ref('int_contacts__as_known') }} as contacts
        on
            labelled.customer_id = contacts.customer_id
            and labelled.as_of_date < contacts.sent_on
            and labelled.label_end >= contacts.sent_on
    where
        contacts.arm = 'treatment'
        and contacts.answered_at is not null
        and contacts.window_ends_at <= {{ day_end(as_of_date()) }}
    qualify row_number() over (
        partition by labelled.customer_id, labelled.as_of_date
        order by contacts.answered_at, contacts.contact_id
    ) = 1
)

select
    labelled.customer_id,
    labelled.as_of_date,
    labelled.split,
    coalesce(first_openings.product_id, 'none') as product,
    first_answers.channel,
    first_answers.send_slot,
    first_answers.intensity
from labelled
left join first_openings
    on labelled.customer_id = first_openings.customer_id and labelled.as_of_date = first_openings.as_of_date
left join first_answers
    on labelled.customer_id = first_answers.customer_id and labelled.as_of_date = first_answers.as_of_date
