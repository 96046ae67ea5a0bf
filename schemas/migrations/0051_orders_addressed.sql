-- Read model `orders`: where an order is sent, sealed for the vault to open. From order.events.v1 alone, as before.

-- Orders that are there already said nothing of it.
ALTER TABLE orders.order ADD COLUMN shipping_address text;
