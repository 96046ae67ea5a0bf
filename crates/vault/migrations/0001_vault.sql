-- The keys to personal data, each wrapped by a master key that is not in here, and the tombstones of those that were
-- destroyed. The only tables of the system that cannot be made again from the log: they have a backup of their own.

CREATE SCHEMA vault;

CREATE TABLE vault.person_key (
    person     uuid    NOT NULL,
    kind       text    COLLATE "C" NOT NULL CHECK (kind IN ('personal', 'fiscal')),
    -- Of a personal key 1; of a fiscal one the calendar year of its documents.
    generation integer NOT NULL CHECK (generation BETWEEN 0 AND 65535),
    -- Nonce, ciphertext and tag (AES-256-GCM) of the 32 bytes of the key.
    wrapped    bytea   CHECK (octet_length(wrapped) = 60),
    -- Which master key wrapped it.
    master     text    COLLATE "C",
    created_at timestamptz NOT NULL DEFAULT now(),
    -- A tombstone: the key was destroyed and never comes back.
    erased_at  timestamptz,
    PRIMARY KEY (person, kind, generation),
    CHECK ((wrapped IS NULL) = (master IS NULL)),
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);

-- A rotation goes through what the new master key has not wrapped yet.
CREATE INDEX person_key_master ON vault.person_key (master) WHERE wrapped IS NOT NULL;

COMMENT ON TABLE vault.person_key IS 'keys to personal data, wrapped; a row with erased_at is a tombstone';

-- Fiscal keys of the years before this one are destroyed. One row: whoever makes a fiscal key locks it, so that none is
-- made behind the back of those who destroy.
CREATE TABLE vault.fiscal_floor (
    the_row boolean PRIMARY KEY DEFAULT TRUE CHECK (the_row),
    before  integer NOT NULL
);

INSERT INTO vault.fiscal_floor (before) VALUES (0);

COMMENT ON TABLE vault.fiscal_floor IS 'fiscal keys of the years before this one are destroyed';
