-- Read model `carts`: whether one was ever checked out to be sent somewhere, for the receipt of an erasure. From
-- cart.events.v1 alone, as before.

ALTER TABLE orders.cart ADD COLUMN addressed boolean NOT NULL DEFAULT FALSE;

-- Only who reads the log from its beginning knows: carts are projected anew.
TRUNCATE orders.cart, orders.cart_item;
DELETE FROM projection.checkpoint WHERE projection = 'carts';
