-- Sequences have CACHE 1 by default, so there is nothing to revert.
select;
