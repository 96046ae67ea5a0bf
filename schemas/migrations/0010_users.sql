-- Read model `users`, from user.events.v1.

CREATE SCHEMA people;

-- One row per user. Personal data is in it as it is in the log: sealed, and unreadable once the person is erased.
CREATE TABLE people.account (
    user_id       uuid        NOT NULL PRIMARY KEY,
    -- registering, failed, active, suspended, erased
    status        text        COLLATE "C" NOT NULL,
    -- email, email_verified, username, profile, roles, epoch; empty if there is no account.
    account       jsonb       NOT NULL,
    registered_at timestamptz NOT NULL,
    version       bigint      NOT NULL,
    at_partition  integer     NOT NULL,
    at_offset     bigint      NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX account_registered ON people.account (registered_at DESC, user_id DESC);

COMMENT ON TABLE people.account IS 'users; personal data is sealed and opened by the vault alone';

-- One row per erasure: where its event stands, for the receipt.
CREATE TABLE people.erasure (
    -- The command that asked for it.
    erasure_id   uuid        NOT NULL PRIMARY KEY,
    user_id      uuid        NOT NULL,
    erased_at    timestamptz NOT NULL,
    at_partition integer     NOT NULL,
    at_offset    bigint      NOT NULL
);

COMMENT ON TABLE people.erasure IS 'who was erased when; the receipt is made of it';
