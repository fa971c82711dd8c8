create table wts.in_time as select * from wts.ticket_traces order by opid;
truncate wts.ticket_traces;
insert into wts.ticket_traces select * from wts.in_time;
drop table wts.in_time;
