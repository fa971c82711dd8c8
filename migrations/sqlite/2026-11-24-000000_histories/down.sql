drop table ticket_traces;
drop table tickets;
drop table operators;
drop table students;
