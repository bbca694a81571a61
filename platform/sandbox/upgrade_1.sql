-- To version 1 of schema.sql: an event can have several deliveries.
begin;
alter table deliveries rename to old_deliveries;
drop index deliveries_due;
create table deliveries (
    id integer primary key,
    event_id text not null,
    created_at real not null,
    due_at real,
    attempts integer not null default 0,
    last_status integer,
    delivered_at real
) strict;
insert into deliveries (event_id, created_at, due_at, attempts, last_status, delivered_at)
    select event_id, created_at, due_at, attempts, last_status, delivered_at from old_deliveries order by rowid;
drop table old_deliveries;
commit;
