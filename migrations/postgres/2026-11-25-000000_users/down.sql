drop view wts.users;
