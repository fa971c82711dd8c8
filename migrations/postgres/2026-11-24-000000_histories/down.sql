drop table wts.ticket_traces;
drop table wts.tickets;
drop table wts.operators;
drop table data.students;
drop schema wts;
drop schema data;
