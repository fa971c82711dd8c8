insert into {wts}tickets (tid, issuer, submitted_at, category, description) {override}
with recursive s (n) as (select cast(1 as bigint) union all select n + 1 from s where n < 36)
select {last} + n, '2024310001', {epoch}, 'low-speed'{category}, '晚上经常断线，网页打不开' from s;

insert into {wts}ticket_traces (opid, tid, updated_at, op, new_status, remark) {override}
with recursive
    step (k) as (select cast(1 as bigint) union all select k + 1 from step where k < 100000),
    last (opid) as (select max(opid) from {wts}ticket_traces)
select
    last.opid + row_number() over (order by k, tid),
    tid,
    {epoch} + (tid + k) * {minute},
    'W00' || cast(1 + k % 9 as text),
    case when k % 2 = 0 then 'scheduled' else 'delay' end{status},
    '已联系同学，约定上门检查端口和网线，第' || cast(k as text) || '次'
from step cross join {wts}tickets cross join last
where tid > {last} and k <= case
    when tid <= {last} + 8 then 10
    when tid <= {last} + 16 then 1000
    when tid <= {last} + 20 then 100000
    when tid <= {last} + 28 then 5
    else 200
end;
