-- Read model `sales`, from order.events.v1 (confirmations, and cancellations after them) and credit-note.events.v1.

CREATE SCHEMA sales;

-- Sums per day and one dimension. Each sale line and each credit line counts once in every dimension, so money and
-- pieces add up to the same in all of them. A document counts once for each key that it touches: once for its day, its
-- country and its customer, and once for each category and each product on it, on however many lines.
--
-- Rows are fed by all partitions of two topics and so change only by addition. Sums are numeric: they cannot overflow.
CREATE TABLE sales.total (
    -- day, country, category, product, customer
    dimension    text    COLLATE "C" NOT NULL,
    day          date    NOT NULL,
    -- The country, category, SKU or customer; '' for none, and for the dimension `day`.
    key          text    COLLATE "C" NOT NULL,
    currency     text    COLLATE "C" NOT NULL,
    -- Minor units, tax excluded.
    gross        numeric NOT NULL,
    credits      numeric NOT NULL,
    -- Pieces sold; pieces credited are not taken off.
    quantity     numeric NOT NULL,
    orders       bigint  NOT NULL,
    credit_notes bigint  NOT NULL,
    PRIMARY KEY (dimension, day, key, currency)
) WITH (fillfactor = 70);

COMMENT ON TABLE sales.total IS 'sales and credits per day and country, category, product or customer; changes only by addition';
