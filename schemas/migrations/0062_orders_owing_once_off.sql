-- Read model `orders`: what is owed of an order that is off, and never less than nothing of any.

-- Only who reads the log from its beginning knows what bounced and was paid since: orders are projected anew.
TRUNCATE orders.order, orders.order_line, orders.fulfilled, orders.order_history;
DELETE FROM projection.checkpoint WHERE projection = 'orders';
