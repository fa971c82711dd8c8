-- After {tickets} tickets 8 with histories of 10 traces, 8 of 1,000 and 4 of 100,000.

insert into {wts}tickets (tid, issuer, submitted_at, category, description) {override}
with recursive s (n) as (select cast(1 as bigint) union all select n + 1 from s where n < 20)
select {tickets} + n, '202410000001', {epoch}, 'low-speed'{category}, '晚上经常断线，网页打不开' from s;

insert into {wts}ticket_traces (tid, updated_at, op, new_status, remark)
with recursive step (k) as (select cast(1 as bigint) union all select k + 1 from step where k < 100000)
select
    tid,
    {epoch} + (tid + k) * {minute},
    'W' || cast(101 + k % 60 as text),
    case when k % 2 = 0 then 'scheduled' else 'delay' end{status},
    '已联系同学，约定上门检查端口和网线，第' || cast(k as text) || '次'
from step cross join {wts}tickets
where tid > {tickets} and k <= case when tid <= {tickets} + 8 then 10 when tid <= {tickets} + 16 then 1000 else 100000 end
order by k;
