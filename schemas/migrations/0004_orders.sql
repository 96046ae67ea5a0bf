-- Read model `orders`, from order.events.v1.

CREATE SCHEMA orders;

CREATE TABLE orders.order (
    order_id            uuid    PRIMARY KEY,
    reference           text,
    customer            text    COLLATE "C",
    country             text,
    -- pending, requires_action, confirmed, fulfilled, cancelled, stuck
    status              text    COLLATE "C" NOT NULL,
    payment_method      text    NOT NULL,
    currency            text    NOT NULL,
    net                 bigint  NOT NULL,
    tax                 bigint  NOT NULL,
    gross               bigint  NOT NULL,
    refunded            bigint  NOT NULL DEFAULT 0,
    -- Business time, and Kafka's time of the first record.
    placed_at           timestamptz NOT NULL,
    recorded_at         timestamptz NOT NULL,
    cancellation_code   text,
    cancellation_detail text,
    version             bigint  NOT NULL,
    at_partition        integer NOT NULL,
    at_offset           bigint  NOT NULL
) WITH (fillfactor = 70);

-- Lists, newest first, a page at a time: of all, of a customer, of a status.
CREATE INDEX order_by_time ON orders.order (placed_at DESC, order_id DESC);
CREATE INDEX order_by_customer ON orders.order (customer, placed_at DESC, order_id DESC) WHERE customer IS NOT NULL;
CREATE INDEX order_by_status ON orders.order (status, placed_at DESC, order_id DESC);

COMMENT ON TABLE orders.order IS 'one row per order as it is now; fed by order.events.v1 only';

CREATE TABLE orders.order_line (
    order_id   uuid    NOT NULL,
    -- From 0, as ordered; a SKU may be on several lines.
    line       integer NOT NULL,
    sku        text    COLLATE "C" NOT NULL,
    name       text    NOT NULL,
    category   text,
    quantity   bigint  NOT NULL,
    unit_price bigint  NOT NULL,
    line_total bigint  NOT NULL,
    tax_rate   integer NOT NULL,
    tracked    boolean NOT NULL,
    PRIMARY KEY (order_id, line)
);

COMMENT ON TABLE orders.order_line IS 'the lines as ordered; never changed';

CREATE TABLE orders.fulfilled (
    order_id uuid   NOT NULL,
    sku      text   COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    PRIMARY KEY (order_id, sku)
);

COMMENT ON TABLE orders.fulfilled IS 'pieces delivered so far, per SKU of an order (a delivery names SKUs, not lines)';

CREATE TABLE orders.order_history (
    order_id     uuid    NOT NULL,
    version      bigint  NOT NULL,
    type         text    NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    actor        text,
    command_id   uuid,
    at_partition integer NOT NULL,
    at_offset    bigint  NOT NULL,
    body         jsonb   NOT NULL,
    PRIMARY KEY (order_id, version)
);

COMMENT ON TABLE orders.order_history IS 'every event of an order';
