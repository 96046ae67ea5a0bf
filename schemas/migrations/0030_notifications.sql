-- Read model `notifications`, from notification.events.v1. Nothing personal stands here: a person is his user id.

CREATE SCHEMA notifications;

CREATE TABLE notifications.notification (
    notification_id uuid PRIMARY KEY,
    user_id         uuid   NOT NULL,
    -- account, order, delivery
    kind            text   COLLATE "C" NOT NULL,
    -- The template's name, and its data as the event has them.
    template        text   COLLATE "C" NOT NULL,
    data            jsonb  NOT NULL,
    queued_at       timestamptz NOT NULL,
    read_at         timestamptz,
    version         bigint  NOT NULL,
    at_partition    integer NOT NULL,
    at_offset       bigint  NOT NULL
) WITH (fillfactor = 70);

-- A user's list, newest first, a page at a time.
CREATE INDEX notification_by_user ON notifications.notification (user_id, queued_at DESC, notification_id DESC);

COMMENT ON TABLE notifications.notification IS 'one row per message as it is now; fed by notification.events.v1 only';

CREATE TABLE notifications.delivery (
    notification_id uuid    NOT NULL,
    -- email, sms, push
    channel         text    COLLATE "C" NOT NULL,
    -- pending, sent, given_up, bounced
    status          text    COLLATE "C" NOT NULL,
    attempts        integer NOT NULL,
    -- Why it was given up.
    reason          text    COLLATE "C",
    -- What the other side said last, if it said no; of a bounce, its status (RFC 3463).
    code            text,
    next_at         timestamptz,
    PRIMARY KEY (notification_id, channel)
) WITH (fillfactor = 70);

COMMENT ON TABLE notifications.delivery IS 'how far each channel of a message is; fed by notification.events.v1 only';
