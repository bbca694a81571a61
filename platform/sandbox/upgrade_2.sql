-- To version 2 of schema.sql: API v2, with keys, links and event destinations of its own.
begin;
alter table deliveries add column destination text;
alter table links add column v2_use_case text;
alter table idempotency_keys rename to old_idempotency_keys;
drop index idempotency_keys_oldest;
create table idempotency_keys (
    account text not null,
    api text not null,
    key text not null,
    created_at real not null,
    request_id text not null,
    path text not null,
    fingerprint text not null,
    status integer not null,
    body text not null,
    primary key (account, api, key)
) strict;
insert into idempotency_keys (account, api, key, created_at, request_id, path, fingerprint, status, body)
    select account, 'v1', key, created_at, request_id, path, fingerprint, status, body from old_idempotency_keys;
drop table old_idempotency_keys;
commit;
