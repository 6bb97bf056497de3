{{ config(meta={'dagster': {'ref': {'name': 'policy_experiment_arms'}}}) }}
-- One experiment in force on the send date, whose arms share out buckets 0 to 9999 without gap or overlap: a customer
-- in a gap would have no decision.
with arms as (
    {{ in_force(ref('policy_experiment_arms'), send_date()) }}
),

buckets as (
    select
        buckets.bucket,
        count(arms.arm) as arm_count,
        count(distinct arms.experiment_id) as experiment_count
    from range(10000) as buckets (bucket)
    left join arms on buckets.bucket >= arms.bucket_from and buckets.bucket < arms.bucket_until
    group by buckets.bucket
)

select *
from buckets
where arm_count != 1 or experiment_count != 1
