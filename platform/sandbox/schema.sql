pragma user_version = 2;

create table if not exists meta (name text primary key, value text not null) strict;

-- Every Stripe object, as its JSON. `seq` is the order of creation, which lists follow.
create table if not exists objects (
    seq integer primary key,
    id text not null unique,
    kind text not null,
    account text not null,
    body text not null
) strict;
create index if not exists objects_newest on objects (kind, account, seq);
create index if not exists objects_by_transfer_group on objects (kind, account, json_extract(body, '$.transfer_group'));
create index if not exists objects_by_source on objects (kind, account, json_extract(body, '$.source'));

create table if not exists balances (
    account text not null,
    currency text not null,
    available integer not null,
    pending integer not null,
    primary key (account, currency)
) strict;

create index if not exists balances_negative on balances (currency) where available < 0;

-- Payments whose balance transaction is null for this many more reads.
create table if not exists unknown_arrivals (payment text primary key, reads integer not null) strict;

create table if not exists minimum_balances (
    account text not null,
    currency text not null,
    amount integer not null,
    primary key (account, currency)
) strict;

-- What of an available balance came from other sources than cards; transfers and payouts draw on `card` only.
create table if not exists other_sources (
    account text not null,
    currency text not null,
    source_type text not null,
    amount integer not null,
    primary key (account, currency, source_type)
) strict;

-- What one euro is worth, where tests have changed it.
create table if not exists rates (currency text primary key, per_euro text not null) strict;

-- Rules for bank payouts and events; `remaining` is null without a count.
create table if not exists rules (
    seq integer primary key,
    subject text not null,
    settings text not null,
    remaining integer
) strict;

-- What will happen with time alone.
create table if not exists schedule (
    seq integer primary key,
    due_at real not null,
    action text not null,
    object_id text not null
) strict;
create index if not exists schedule_due on schedule (due_at);

create table if not exists idempotency_keys (
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
create index if not exists idempotency_keys_oldest on idempotency_keys (created_at);

-- `destination` is null for the webhook endpoints of the settings. `due_at` is null once delivered, given up or
-- dropped.
create table if not exists deliveries (
    id integer primary key,
    event_id text not null,
    destination text,
    created_at real not null,
    due_at real,
    attempts integer not null default 0,
    last_status integer,
    delivered_at real
) strict;
create index if not exists deliveries_of_event on deliveries (event_id);
create index if not exists deliveries_due on deliveries (due_at) where due_at is not null;

-- Links to hosted pages; `session` is null until visited. Sessions stay open. `v2_use_case` is null for links of v1.
create table if not exists links (
    token text primary key,
    page text not null,
    account text not null,
    expires_at integer not null,
    refresh_url text not null,
    return_url text not null,
    session text unique,
    v2_use_case text
) strict;

-- What API v2 knows of the accounts that it made, beside what is in `objects`.
create table if not exists v2_accounts (id text primary key, record text not null) strict;
