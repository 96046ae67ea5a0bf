-- Read model `sessions`, from session.events.v1. One row per session; refresh tokens are nowhere.

CREATE TABLE people.session (
    session_id   uuid        NOT NULL PRIMARY KEY,
    user_id      uuid        NOT NULL,
    -- The user's security epoch then: the session is good as long as it is his.
    epoch        bigint      NOT NULL,
    -- Sealed.
    device       text,
    opened_at    timestamptz NOT NULL,
    refreshed_at timestamptz,
    expires_at   timestamptz NOT NULL,
    -- How it ended; nothing while it has not.
    ended        text        COLLATE "C",
    version      bigint      NOT NULL,
    at_partition integer     NOT NULL,
    at_offset    bigint      NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX session_of_user ON people.session (user_id, opened_at DESC, session_id DESC);

COMMENT ON TABLE people.session IS 'log-ins; good while not ended, not expired, and of the epoch of its user';
