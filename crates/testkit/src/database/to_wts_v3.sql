alter schema wts rename to imported;
alter schema data rename to people;
drop table __diesel_schema_migrations;
{schema};
insert into data.students select sid, name from people.students on conflict do nothing;
insert into wts.users (sid, wx) select sid, sid from data.students on conflict do nothing;
insert into wts.operators (wid, sid, access, female)
select wid, sid, access::wts.access, false from imported.operators on conflict do nothing;
insert into wts.tickets overriding system value
select tid, issuer, submitted_at, category::wts.category, description, occur_at, notes, appointed_at,
    priority::wts.priority, status::wts.status, last_updated_at
from imported.tickets;
insert into wts.ticket_traces overriding system value
select opid, tid, updated_at, op, new_status::wts.status, new_priority::wts.priority, new_appointment,
    new_category::wts.category, remark
from imported.ticket_traces order by opid;
set client_min_messages = warning;
drop schema imported, people cascade;
