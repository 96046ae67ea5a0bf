-- Read model `carts`, from cart.events.v1. Prices are not here: they are the catalogue's, at reading.

CREATE TABLE orders.cart (
    user_id      uuid    PRIMARY KEY,
    -- The order that is being made of it; it cannot be changed meanwhile.
    order_id     uuid,
    version      bigint  NOT NULL,
    at_partition integer NOT NULL,
    at_offset    bigint  NOT NULL
) WITH (fillfactor = 70);

COMMENT ON TABLE orders.cart IS 'one row per cart that was ever used; fed by cart.events.v1 only';

CREATE TABLE orders.cart_item (
    user_id  uuid   NOT NULL,
    sku      text   COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    PRIMARY KEY (user_id, sku)
) WITH (fillfactor = 70);

COMMENT ON TABLE orders.cart_item IS 'what lies in each cart now; fed by cart.events.v1 only';
