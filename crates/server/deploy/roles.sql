-- A psql script that creates or updates the roles for docker-compose.yml: the read-only role of the service, and the replication
-- role of the standby. It also creates a replication slot, which keeps the WAL that the standby has not received.
\set ON_ERROR_STOP on
\set reader_password `printenv READER_PASSWORD`
\set standby_password `printenv STANDBY_PASSWORD`

select 'create role wts_traces' where to_regrole('wts_traces') is null \gexec
alter role wts_traces login password :'reader_password';
grant usage on schema data, wts to wts_traces;
grant select (tid, issuer) on wts.tickets to wts_traces;
grant select on wts.ticket_traces to wts_traces;
grant select (wid, sid, access) on wts.operators to wts_traces;
grant select (sid, name) on data.students to wts_traces;
grant select (sid) on wts.users to wts_traces;

select 'create role standby' where to_regrole('standby') is null \gexec
alter role standby login replication password :'standby_password';

-- A slot that exceeded max_slot_wal_keep_size is lost and cannot be used any more, so it is replaced.
select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'standby' and wal_status = 'lost';
select pg_create_physical_replication_slot('standby')
where not exists (select from pg_replication_slots where slot_name = 'standby');
