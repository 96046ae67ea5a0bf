-- Read model `orders`: what was credited of an order and did not arrive. From order.events.v1 alone, as before.

ALTER TABLE orders.order ADD COLUMN owed bigint NOT NULL DEFAULT 0;

-- Few ever do.
CREATE INDEX order_owing ON orders.order (placed_at DESC, order_id DESC) WHERE owed > 0;

-- Only who reads the log from its beginning knows what bounced and was paid since: orders are projected anew.
TRUNCATE orders.order, orders.order_line, orders.fulfilled, orders.order_history;
DELETE FROM projection.checkpoint WHERE projection = 'orders';
