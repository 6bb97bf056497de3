{{ config(meta={'dagster': {'ref': {'name': 'fct_messages'}}}) }}
-- No released text holds an unresolved slot: a name in single or double braces, of any kind.
select
    message_id,
    subject,
    body
from {{ ref('fct_messages') }}
where
    status = 'released'
    and regexp_matches(concat_ws(' ', subject, body), '[{}]|\[\[|\]\]|<<|>>|%[a-z_]+%')
