drop view users;
