-- Read model `stock`, from stock-item.events.v1. Every event carries the levels after it.

CREATE SCHEMA inventory;

CREATE TABLE inventory.stock (
    sku          text    COLLATE "C" PRIMARY KEY,
    on_hand      bigint  NOT NULL,
    reserved     bigint  NOT NULL,
    committed    bigint  NOT NULL,
    version      bigint  NOT NULL,
    at_partition integer NOT NULL,
    at_offset    bigint  NOT NULL
) WITH (fillfactor = 70);

COMMENT ON TABLE inventory.stock IS 'levels of each tracked SKU; available = on_hand - reserved - committed; fed by stock-item.events.v1 only';
