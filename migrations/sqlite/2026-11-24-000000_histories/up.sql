-- Students, staff, tickets and their traces, named as the WTS v3 database names them.
-- Moments are microseconds and days are days since 2000-01-01 in UTC, PostgreSQL's own units, so that nothing is lost
-- between the two. The greatest and the least number of 64 bits (of 32 for days) are infinity and -infinity.

create table students (
    sid  text not null primary key,
    name text not null
) strict, without rowid;

create table operators (
    wid    text not null primary key, -- the staff number that a trace's op holds
    sid    text not null unique references students,
    access text not null check (access in ('unregistered', 'user', 'pre-member', 'informal-member', 'formal-member',
                                           'group-leader', 'chief', 'api', 'dev'))
) strict, without rowid;

create table tickets (
    tid             integer primary key check (tid > 0),
    issuer          text not null references students,
    submitted_at    integer not null,
    category        text not null
        check (category in ('first-install', 'low-speed', 'ip-or-device', 'client-or-account', 'others')),
    description     text not null,
    occur_at        integer,
    notes           text,
    appointed_at    integer check (appointed_at between -2147483648 and 2147483647),
    priority        text not null default 'mainline'
        check (priority in ('highest', 'assigned', 'mainline', 'normal', 'in-passing', 'least')),
    status          text not null default 'fresh'
        check (status in ('fresh', 'scheduled', 'delay', 'escalated', 'solved', 'canceled')),
    last_updated_at integer
) strict;

create table ticket_traces (
    opid            integer primary key,
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

-- A history is one ticket's traces in this order.
create index ticket_traces_in_order on ticket_traces (tid, updated_at, opid);
