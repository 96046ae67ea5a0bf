-- Read model `users`: which parts of a profile a person ever had, for the receipt of his erasure. From user.events.v1
-- alone, as before.

-- By name, each true: an account loses what is replaced in it, the log does not.
ALTER TABLE people.account ADD COLUMN had jsonb NOT NULL DEFAULT '{}';

-- Only who reads the log from its beginning knows what was replaced: users are projected anew.
TRUNCATE people.account, people.erasure;
DELETE FROM projection.checkpoint WHERE projection = 'users';
