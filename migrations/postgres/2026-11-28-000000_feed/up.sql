-- The feed returns traces in the order of opid, each exactly once. This requires that sessions do not reserve numbers.

alter table wts.ticket_traces alter column opid set cache 1;
