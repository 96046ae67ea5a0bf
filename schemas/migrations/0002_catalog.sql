-- Read model `products`, from product.events.v1. Every event carries the whole product.

CREATE SCHEMA catalog;

CREATE TABLE catalog.product (
    sku          text    COLLATE "C" PRIMARY KEY,
    name         text    NOT NULL,
    description  text    NOT NULL,
    category     text    COLLATE "C",
    -- Minor units of the currency, tax excluded.
    price_amount bigint  NOT NULL,
    currency     text    COLLATE "C" NOT NULL,
    -- Basis points.
    tax_rate     integer NOT NULL,
    tracked      boolean NOT NULL,
    archived     boolean NOT NULL,
    -- The aggregate's version, and the place of the record that made the row what it is.
    version      bigint  NOT NULL,
    at_partition integer NOT NULL,
    at_offset    bigint  NOT NULL
);

-- Lists by category, a page at a time.
CREATE INDEX product_by_category ON catalog.product (category, sku);

COMMENT ON TABLE catalog.product IS 'what the shop sells or sold; fed by product.events.v1 only';
