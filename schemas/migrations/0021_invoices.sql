-- Read model `invoices`, from invoice-series.events.v1. A document never changes.

CREATE SCHEMA invoices;

CREATE TABLE invoices.document (
    series       text    COLLATE "C" NOT NULL,
    -- 1, 2, 3, … within the series, without gaps.
    number       bigint  NOT NULL,
    -- invoice, credit_note
    kind         text    COLLATE "C" NOT NULL,
    order_id     uuid,
    -- Of a credit note: which refund, return, cancellation or credit that stands alone.
    credit_id    uuid,
    user_id      uuid,
    customer     text,
    country      text,
    dated        timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    currency     text    NOT NULL,
    net          bigint  NOT NULL,
    tax          bigint  NOT NULL,
    gross        bigint  NOT NULL,
    at_partition integer NOT NULL,
    at_offset    bigint  NOT NULL,
    PRIMARY KEY (series, number)
);

-- The documents of an order.
CREATE INDEX document_by_order ON invoices.document (order_id, kind) WHERE order_id IS NOT NULL;

COMMENT ON TABLE invoices.document IS 'invoices and credit notes as issued; fed by invoice-series.events.v1 only';

CREATE TABLE invoices.document_line (
    series   text    COLLATE "C" NOT NULL,
    number   bigint  NOT NULL,
    -- From 0, in the order of the order's lines.
    line     integer NOT NULL,
    sku      text    COLLATE "C" NOT NULL,
    name     text    NOT NULL,
    quantity bigint  NOT NULL,
    net      bigint  NOT NULL,
    tax_rate integer NOT NULL,
    tax      bigint  NOT NULL,
    PRIMARY KEY (series, number, line)
);

COMMENT ON TABLE invoices.document_line IS 'what a document is about; the taxes of a rate add up to the rate''s tax';
