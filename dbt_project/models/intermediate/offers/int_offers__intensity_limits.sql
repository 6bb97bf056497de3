-- How pressing a message may be at most (B-14): not more than the last contact the customer left unanswered, and less
-- the more contacts in a row stayed unanswered. A contact whose window still runs says nothing yet; one that was
-- answered lifts every limit of those before it. Only contacts with a known outcome count: our own messages come back
-- as the bank's contacts.
with contacts as (
    select
        customer_id,
        contact_id,
        sent_at,
        intensity,
        answered_at is not null as is_answered
    from {{ ref('int_contacts__as_known') }}
    where
        arm = 'treatment'
        and intensity is not null
        and window_ends_at <= {{ day_end(as_of_date()) }}
),

last_answers as (
    select
        customer_id,
        max((sent_at, contact_id)) as last_answer
    from contacts
    where is_answered
    group by customer_id
),

unanswered as (
    select
        contacts.customer_id,
        count(*) as unanswered_in_a_row,
        max_by(contacts.intensity, (contacts.sent_at, contacts.contact_id)) as last_intensity
    from contacts
    left join last_answers on contacts.customer_id = last_answers.customer_id
    where last_answers.last_answer is null or (contacts.sent_at, contacts.contact_id) > last_answers.last_answer
    group by contacts.customer_id
),

steps as (
    {{ in_force(ref('policy_intensity_limits'), send_date()) }}
),

allowed as (
    select
        unanswered.customer_id,
        min({{ intensity_rank('steps.highest_intensity') }}) as highest_rank
    from unanswered
    inner join steps on unanswered.unanswered_in_a_row >= steps.unanswered_from
    group by unanswered.customer_id
)

select
    unanswered.customer_id,
    unanswered.unanswered_in_a_row,
    unanswered.last_intensity,
    case
        when allowed.highest_rank < {{ intensity_rank('unanswered.last_intensity') }}
            then list_extract(['low', 'medium', 'high'], allowed.highest_rank + 1)
        else unanswered.last_intensity
    end as highest_intensity
from unanswered
left join allowed on unanswered.customer_id = allowed.customer_id
