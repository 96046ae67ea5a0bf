-- Read model `payments`, from payment.events.v1.

CREATE SCHEMA payments;

CREATE TABLE payments.payment (
    payment_id   uuid    PRIMARY KEY,
    order_id     uuid    NOT NULL,
    user_id      uuid,
    reference    text,
    -- Nothing of a payment that was voided before it was asked for.
    amount       bigint,
    currency     text,
    -- The provider's id.
    intent       text,
    -- pending, requires_action, authorised, capturing, captured, voiding, voided, declined; refunds have their own.
    status       text    COLLATE "C" NOT NULL,
    captured     bigint,
    action_by    timestamptz,
    -- Why it was declined.
    code         text,
    -- Why it is stuck, while it is.
    stuck_code   text,
    version      bigint  NOT NULL,
    at_partition integer NOT NULL,
    at_offset    bigint  NOT NULL
) WITH (fillfactor = 70);

COMMENT ON TABLE payments.payment IS 'one row per payment as it is now; fed by payment.events.v1 only';

CREATE TABLE payments.refund (
    payment_id uuid   NOT NULL,
    refund_id  uuid   NOT NULL,
    amount     bigint NOT NULL,
    reason     text   NOT NULL,
    -- requested, refunded, refused, stuck
    status     text   COLLATE "C" NOT NULL,
    code       text,
    PRIMARY KEY (payment_id, refund_id)
) WITH (fillfactor = 70);

COMMENT ON TABLE payments.refund IS 'money that went back or is to; fed by payment.events.v1 only';
