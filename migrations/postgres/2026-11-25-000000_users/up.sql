-- Who is registered, under the name that the WTS v3 database has for them, so that one statement asks both.
-- There they are some of the students; here everyone who is a student is registered.

create view wts.users as select sid from data.students;
