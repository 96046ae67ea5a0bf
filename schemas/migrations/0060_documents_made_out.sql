-- Read model `invoices`: to whom a document is made out, sealed under a fiscal key for the vault to open. From
-- invoice-series.events.v1 alone, as before.

-- Documents that are there already said nothing of it.
ALTER TABLE invoices.document ADD COLUMN buyer text;
