-- The schema of the WTS v3 database, created by the service that this one replaces. It must not be changed: the service
-- reads such a database without migrating it.

create schema data;
create schema wts;

create type wts.status as enum ('fresh', 'scheduled', 'delay', 'escalated', 'solved', 'canceled');
create type wts.priority as enum ('highest', 'assigned', 'mainline', 'normal', 'in-passing', 'least');
create type wts.category as enum ('first-install', 'low-speed', 'ip-or-device', 'client-or-account', 'others');
create type wts.access as enum ('dev', 'chief', 'api', 'group-leader', 'formal-member', 'informal-member',
                                'pre-member', 'user', 'unregistered');
create type wts.block as enum ('north', 'south');
create type wts.isp as enum ('telecom', 'unicom', 'mobile');

create table data.students (
    sid  text primary key,
    name text not null
);

create table wts.users (
    sid           text primary key references data.students,
    phone         text,
    block         wts.block,
    room          text,
    isp           wts.isp,
    account       text,
    wx            text not null unique,
    op            boolean,
    registered_at timestamptz,
    updated_at    timestamptz
);

create table wts.operators (
    wid    text primary key,
    sid    text not null unique references wts.users,
    access wts.access not null,
    female boolean not null
);

create table wts.tickets (
    tid             integer primary key generated always as identity,
    issuer          text not null references wts.users,
    submitted_at    timestamptz not null,
    category        wts.category not null,
    description     text not null,
    occur_at        timestamptz,
    notes           text,
    appointed_at    date,
    priority        wts.priority not null default 'mainline',
    status          wts.status not null default 'fresh',
    last_updated_at timestamptz
);

create table wts.ticket_traces (
    opid            integer primary key generated always as identity,
    tid             integer not null references wts.tickets on delete cascade,
    updated_at      timestamptz not null default now(),
    op              text not null references wts.operators,
    new_status      wts.status,
    new_priority    wts.priority,
    new_appointment date,
    new_category    wts.category,
    remark          text not null
);

create index on wts.ticket_traces (tid, updated_at desc);

create function wts.trace_new_ticket() returns trigger language plpgsql as $$
begin
    insert into wts.ticket_traces (tid, op, new_status, new_priority, new_appointment, new_category, remark)
    values (new.tid, '-2', new.status, new.priority, new.appointed_at, new.category, '提交了报修');
    return new;
end $$;

create trigger trace_new_ticket after insert on wts.tickets
    for each row execute function wts.trace_new_ticket();

create function wts.carry_trace_over() returns trigger language plpgsql as $$
begin
    update wts.tickets
    set status = coalesce(new.new_status, status),
        priority = coalesce(new.new_priority, priority),
        appointed_at = coalesce(new.new_appointment, appointed_at),
        category = coalesce(new.new_category, category),
        last_updated_at = new.updated_at
    where tid = new.tid;
    return new;
end $$;

create trigger carry_trace_over after insert on wts.ticket_traces
    for each row execute function wts.carry_trace_over();

insert into data.students values ('-1', '(系统操作)'), ('-2', '用户');
insert into wts.users (sid, wx) values ('-1', '-1'), ('-2', '-2');
insert into wts.operators values ('-1', '-1', 'api', false), ('-2', '-2', 'user', false);
