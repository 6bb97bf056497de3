{{ config(meta={'dagster': {'ref': {'name': 'policy_experiment_arms'}}}) }}
-- One experiment in force on the send date, whose arms share out buckets 0 to 9999 without gap or overlap: a customer
-- in a gap would have no decision, and one drawn under two names would have two arms.
with arms as (
    {{ in_force(ref('policy_experiment_arms'), send_date()) }}
),

experiments as (
    select count(distinct experiment_id) as experiment_count from arms
),

buckets as (
    select
        grid.bucket,
        count(arms.arm) as arm_count
    from range(10000) as grid (bucket)
    left join arms on grid.bucket >= arms.bucket_from and grid.bucket < arms.bucket_until
    group by grid.bucket
)

select
    buckets.bucket,
    buckets.arm_count,
    experiments.experiment_count
from buckets
cross join experiments
where buckets.arm_count != 1 or experiments.experiment_count != 1
