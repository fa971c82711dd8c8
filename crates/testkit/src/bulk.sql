-- A campus of any size, the same one on both databases: {tickets} tickets with 2 to 8 traces, 5 on the average, that were
-- written in the course of time, so that a ticket's lie far apart.
-- What stands in braces is what the databases spell differently.

insert into {data}students (sid, name)
values ('-1', '(系统操作)'), ('-2', '用户')
on conflict do nothing;

insert into {data}students (sid, name)
with recursive s (n) as (select cast(1 as bigint) union all select n + 1 from s where n < {tickets} / 10 + 100)
select '2024' || cast(10000000 + n as text), '学生' || cast(n as text) from s;

{users}

insert into {wts}operators (wid, sid, access{female})
values ('-1', '-1', 'api'{no}), ('-2', '-2', 'user'{no})
on conflict do nothing;

insert into {wts}operators (wid, sid, access{female})
with recursive s (n) as (select cast(1 as bigint) union all select n + 1 from s where n < 60)
select 'W' || cast(100 + n as text), '2024' || cast(10000000 + n as text), 'formal-member'{access}{no} from s;

insert into {wts}tickets (tid, issuer, submitted_at, category, description) {override}
with recursive s (n) as (select cast(1 as bigint) union all select n + 1 from s where n < {tickets})
select n, '2024' || cast(10000001 + n % ({tickets} / 10) as text), {epoch} + n * {minute}, 'low-speed'{category}, '晚上经常断线，网页打不开'
from s;

insert into {wts}ticket_traces (tid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark)
with recursive step (k) as (select cast(0 as bigint) union all select k + 1 from step where k < 7)
select
    tid,
    {epoch} + (tid + k * 180) * {minute},
    case k when 0 then '-2' else 'W' || cast(101 + (tid * 7919 + k * 31) % 60 as text) end,
    case when k = 0 then 'fresh' when k % 3 = 1 then 'scheduled' when k % 3 = 2 then 'delay' end{status},
    case when k = 0 then 'mainline' when k % 4 = 1 then 'assigned' end{priority},
    case when k % 3 = 1 then {day} + cast(tid % 300 as integer) end,
    case when k = 0 then 'low-speed' end{category},
    case k when 0 then '提交了报修' else '已联系同学，约定上门检查端口和网线，第' || cast(k as text) || '次' end
from step cross join {wts}tickets
where tid <= {tickets} and k <= 1 + tid * 7919 % 7
order by tid + k * 180;
