-- When the person was erased is said by the log; when the key went, by this database. Tombstones of earlier builds do
-- not say the second.

ALTER TABLE vault.person_key ADD COLUMN destroyed_at timestamptz CHECK (destroyed_at IS NULL OR wrapped IS NULL);

COMMENT ON COLUMN vault.person_key.destroyed_at IS 'when the key was destroyed here, by the clock of this database';
