-- Who is registered, under the name that the WTS v3 database has for them.
-- There they are some of the students; here everyone who is a student is registered.

create view users as select sid from students;
