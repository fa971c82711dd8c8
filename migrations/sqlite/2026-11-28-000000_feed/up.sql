-- The feed returns traces in the order of opid, each exactly once. AUTOINCREMENT assigns no number twice, even if the trace
-- with the highest number is deleted.

create table new_ticket_traces (
    opid            integer primary key autoincrement,
    tid             integer not null references tickets on delete cascade,
    updated_at      integer not null,
    op              text not null references operators,
    new_status      text
        check (new_status in ('fresh', 'scheduled', 'delay', 'escalated', 'solved', 'canceled')),
    new_priority    text
        check (new_priority in ('highest', 'assigned', 'mainline', 'normal', 'in-passing', 'least')),
    new_appointment integer check (new_appointment between -2147483648 and 2147483647),
    new_category    text
        check (new_category in ('first-install', 'low-speed', 'ip-or-device', 'client-or-account', 'others')),
    remark          text not null
) strict;

insert into new_ticket_traces
select opid, tid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark
from ticket_traces order by opid;

drop table ticket_traces;
alter table new_ticket_traces rename to ticket_traces;

-- The order of the traces in a ticket's history.
create index ticket_traces_in_order on ticket_traces (tid, updated_at, opid);
