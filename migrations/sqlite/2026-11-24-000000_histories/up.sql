-- Students, staff, tickets and their traces. Tables and columns have the names of the WTS v3 database.
-- Timestamps are microseconds since 2000-01-01 in UTC, and dates are days since 2000-01-01. PostgreSQL uses the same units,
-- so values are copied between the two databases without loss. The largest and the smallest 64-bit number (32-bit for dates)
-- are infinity and -infinity.

create table students (
    sid  text not null primary key,
    name text not null
) strict, without rowid;

create table operators (
    wid    text not null primary key, -- the staff id, which traces store in op
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

-- Finds the traces of a ticket in the order of its history.
create index ticket_traces_in_order on ticket_traces (tid, updated_at, opid);
