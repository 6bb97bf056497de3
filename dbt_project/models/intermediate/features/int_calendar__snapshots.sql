{#-
1. The history runs from the first to the last day with activity; both ends may lie history_tolerance_days inside the
   month or label window they bound.
2. Mode: month with enough complete months; week with less history; static without any.
3. Snapshots: month-ends of complete months, or every 7 days back from tonight, by the week back to the one before the
   first contact, which was chosen with what was known then; tonight always.
4. A snapshot is labelled once its label window is over, by the week also the window of an answer to a contact of its
   first day. Of the labelled ones the latest test, those before them calibrate, the earlier train. With two, one trains
   and one tests; a single one can't be split by time, so its customers are split.
5. By the month as many latest ones test as hold enough contacts and openings to measure on, a fifth of them at most.
-#}
with active_days as (
    select
        activity_date,
        0 as contact_count
    from {{ ref('int_customers__transaction_days') }}
    union all
    select
        activity_date,
        0 as contact_count
    from {{ ref('int_customers__event_days') }}
    union all
    select
        activity_date,
        contact_count
    from {{ ref('int_customers__contact_days') }}
),

history as (
    select
        min(activity_date) as history_from,
        max(activity_date) as history_until,
        min(activity_date) filter (where contact_count > 0) as contacts_from,
        least({{ as_of_date() }}, max(activity_date) + {{ var('history_tolerance_days') }}) as known_until
    from active_days
),

months as (
    select
        cast(unnest(generate_series(
            date_trunc('month', history_from), cast({{ as_of_date() }} as timestamp), interval 1 month
        )) as date) as month_start
    from history
),

complete_months as (
    select last_day(months.month_start) as month_end
    from months
    cross join history
    where
        history.history_from <= months.month_start + {{ var('history_tolerance_days') }}
        and last_day(months.month_start) <= history.known_until
),

modes as (
    select
        history_from,
        history_until,
        contacts_from,
        known_until,
        case
            when history_from is null then 'static'
            when (select count(*) from complete_months) >= {{ var('minimum_complete_months') }} then 'month'
            else 'week'
        end as mode
    from history
),

weeks as (
    -- Weeks that begin inside the history, and the one before the first contact; other modes have tonight alone here.
    select
        {{ as_of_date() }} - 7 * cast(unnest(range(
            case
                when mode != 'week' then 1
                else greatest(
                    1 + greatest(0, {{ as_of_date() }} - history_from - 6) // 7,
                    coalesce(2 + ({{ as_of_date() }} - contacts_from) // 7, 1)
                )
            end
        )) as integer) as as_of_date
    from modes
),

snapshot_dates as (
    select
        complete_months.month_end as as_of_date,
        true as is_month_end
    from complete_months
    cross join modes
    where modes.mode = 'month'
    union all
    select
        weeks.as_of_date,
        false as is_month_end
    from weeks
    cross join modes
    where modes.mode != 'month' or weeks.as_of_date not in (select complete_months.month_end from complete_months)
),

windows as (
    select
        snapshot_dates.as_of_date,
        snapshot_dates.is_month_end,
        modes.mode,
        modes.history_from,
        modes.history_until,
        modes.contacts_from,
        modes.known_until,
        snapshot_dates.as_of_date = {{ as_of_date() }} as is_tonight,
        cast(
            case
                when snapshot_dates.is_month_end then last_day(cast(snapshot_dates.as_of_date + 1 as date))
                when modes.mode = 'month' then snapshot_dates.as_of_date + interval 1 month
                else snapshot_dates.as_of_date + 7
            end as date
        ) as label_end,
        coalesce(
            modes.history_from <= snapshot_dates.as_of_date - 89 + {{ var('history_tolerance_days') }}
            and snapshot_dates.as_of_date <= modes.known_until,
            false
        ) as is_window_complete
    from snapshot_dates
    cross join modes
),

labelled as (
    select
        *,
        mode != 'static'
        and label_end <= known_until
        and (
            mode = 'month'
            or contacts_from is null
            or as_of_date + 1 + {{ var('response_window_days') }} <= known_until
        ) as is_labelled
    from windows
),

-- What can be measured on: contacts sent and products opened, by their day.
outcome_days as (
    select
        activity_date as outcome_date,
        contact_count as outcomes
    from active_days
    where contact_count > 0
    union all
    select
        opened_on as outcome_date,
        1 as outcomes
    from {{ ref('int_holdings__as_known') }}
),

daily_outcomes as (
    select
        outcome_date,
        sum(outcomes) as outcomes
    from outcome_days
    group by outcome_date
),

measured as (
    select
        labelled.as_of_date,
        sum(daily_outcomes.outcomes) as outcomes
    from labelled
    inner join daily_outcomes
        on labelled.as_of_date < daily_outcomes.outcome_date and labelled.label_end >= daily_outcomes.outcome_date
    where labelled.is_labelled
    group by labelled.as_of_date
),

ranked as (
    select
        labelled.*,
        row_number() over (partition by labelled.is_labelled order by labelled.as_of_date desc) as recency,
        count(*) filter (where labelled.is_labelled) over () as labelled_count,
        sum(measured.outcomes) filter (where labelled.is_labelled) over (
            order by labelled.as_of_date desc rows between unbounded preceding and 1 preceding
        ) as later_outcomes
    from labelled
    left join measured on labelled.as_of_date = measured.as_of_date
),

held_out as (
    select
        *,
        case
            when labelled_count = 1 then 0
            else least(
                greatest(1, cast(round(labelled_count / 5.0) as integer)),
                case
                    when mode = 'month'
                        then count(*) filter (
                            where is_labelled and coalesce(later_outcomes, 0) < {{ var('minimum_test_outcomes') }}
                        ) over ()
                    else labelled_count
                end
            )
        end as test_count
    from ranked
)

select
    as_of_date,
    label_end,
    case
        when not is_labelled then 'unlabelled'
        when recency <= test_count then 'test'
        when labelled_count >= 3 and recency <= 2 * test_count then 'calibration'
        else 'train'
    end as split,
    mode = 'static' or (is_labelled and labelled_count = 1) as is_split_by_customer,
    is_tonight,
    is_month_end,
    mode,
    is_window_complete,
    history_from,
    history_until
from held_out
