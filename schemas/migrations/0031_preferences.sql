-- Read model `preferences`, from preference.events.v1. Every event carries all that was chosen.

CREATE TABLE notifications.preference (
    user_id      uuid    PRIMARY KEY,
    -- Kinds with their channels: {"delivery": ["email", "push"]}. A kind that is not named has the default.
    choices      jsonb   NOT NULL,
    version      bigint  NOT NULL,
    at_partition integer NOT NULL,
    at_offset    bigint  NOT NULL
);

COMMENT ON TABLE notifications.preference IS 'what people chose; fed by preference.events.v1 only';
