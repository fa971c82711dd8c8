-- Registered students. The view has the name of a WTS v3 table, so the same statements read both databases.
-- In the WTS v3 database, some students are not registered. Here, all students are registered.

create view wts.users as select sid from data.students;
