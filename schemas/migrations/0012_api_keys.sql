-- Read model `api-keys`, from api-key.events.v1. One row per key for machines; of its secret there is not even the hash.

CREATE TABLE people.api_key (
    api_key_id   uuid        NOT NULL PRIMARY KEY,
    owner        uuid        NOT NULL,
    label        text        NOT NULL,
    scopes       text[]      NOT NULL,
    created_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    version      bigint      NOT NULL,
    at_partition integer     NOT NULL,
    at_offset    bigint      NOT NULL
);

CREATE INDEX api_key_created ON people.api_key (created_at DESC, api_key_id DESC);

COMMENT ON TABLE people.api_key IS 'keys for machines';
