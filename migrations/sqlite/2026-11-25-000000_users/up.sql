-- Registered students. The view has the name of a WTS v3 table.
-- In the WTS v3 database, some students are not registered. Here, all students are registered.

create view users as select sid from students;
