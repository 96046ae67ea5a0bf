-- Read model `orders`: how an order is paid, and whose it is. From order.events.v1 alone, as before.

-- Orders that are there already were all on account, and of nobody with an account.
ALTER TABLE orders.order
    ADD COLUMN user_id        uuid,
    ADD COLUMN payment_id     uuid,
    -- not_required, pending, requires_action, authorised, captured, undoing, voided, refunded (of one that is off); what
    -- went back of a sale is in `refunded`.
    ADD COLUMN payment_status text COLLATE "C" NOT NULL DEFAULT 'not_required',
    ADD COLUMN action_by      timestamptz;

ALTER TABLE orders.order ALTER COLUMN payment_status DROP DEFAULT;

CREATE INDEX order_by_user ON orders.order (user_id, placed_at DESC, order_id DESC) WHERE user_id IS NOT NULL;
