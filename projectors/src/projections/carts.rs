//! `carts`: what lies in each cart now. One row per cart and one per item, made by the cart's events alone.

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Offset, PartitionId, Version};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::cart::{CartEvent, ItemPut, ItemRemoved};
use tillroll_schemas::{Quantity, Sku, UserId, catalogue};
use uuid::Uuid;

/// The read models `orders.cart` and `orders.cart_item`.
pub struct Carts;

/// What a batch changes, by cart.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<UserId, Cart>);

#[derive(Debug, PartialEq)]
struct Cart {
    /// Whether what lay in it before the batch is gone.
    emptied: bool,
    /// How many of each lie in it after the batch; none was taken out.
    items: BTreeMap<Sku, Option<Quantity>>,
    /// The order that is being made of it.
    order: Option<Uuid>,
    /// Whether it was checked out in the batch to be sent somewhere.
    addressed: bool,
    version: Version,
    partition: PartitionId,
    offset: Offset,
}

const EMPTY: &str = "DELETE FROM orders.cart_item AS i WHERE i.user_id = ANY ($1::uuid[])";

const TAKE_OUT: &str = "
    DELETE FROM orders.cart_item AS i USING UNNEST($1::uuid[], $2::text[]) AS n (user_id, sku)
    WHERE i.user_id = n.user_id AND i.sku = n.sku";

const PUT_IN: &str = "
    INSERT INTO orders.cart_item AS i (user_id, sku, quantity)
    SELECT n.user_id, n.sku, n.quantity FROM UNNEST($1::uuid[], $2::text[], $3::bigint[]) AS n (user_id, sku, quantity)
    ON CONFLICT (user_id, sku) DO UPDATE SET quantity = EXCLUDED.quantity";

const UPSERT: &str = "
    INSERT INTO orders.cart AS c (user_id, order_id, addressed, version, at_partition, at_offset)
    SELECT n.user_id, n.order_id, n.addressed, n.version, n.at_partition, n.at_offset
    FROM UNNEST($1::uuid[], $2::uuid[], $3::boolean[], $4::bigint[], $5::integer[], $6::bigint[])
        AS n (user_id, order_id, addressed, version, at_partition, at_offset)
    ON CONFLICT (user_id) DO UPDATE SET
        order_id = EXCLUDED.order_id, addressed = c.addressed OR EXCLUDED.addressed, version = EXCLUDED.version,
        at_partition = EXCLUDED.at_partition, at_offset = EXCLUDED.at_offset";

impl Projection for Carts {
    const NAME: &'static str = "carts";
    const TOPICS: &'static [&'static str] = &[catalogue::CART.events];
    type Event = (UserId, CartEvent);
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<Self::Event, Undecodable> {
        let user = envelope.key.parse().map_err(|_| Undecodable::Key(envelope.key.to_string()))?;
        Ok((user, CartEvent::decode(&envelope.type_name, value)?))
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, (user, event): &Self::Event) {
        let (version, partition, offset) = (envelope.version, envelope.at.partition, envelope.at.offset);
        let cart = batch.0.entry(*user).or_insert_with(|| Cart {
            emptied: false,
            items: BTreeMap::new(),
            order: None,
            addressed: false,
            version,
            partition,
            offset,
        });
        (cart.version, cart.partition, cart.offset) = (version, partition, offset);
        cart.order = None;
        match event {
            CartEvent::ItemPut(ItemPut { sku, quantity }) => _ = cart.items.insert(sku.clone(), Some(*quantity)),
            CartEvent::ItemRemoved(ItemRemoved { sku }) => _ = cart.items.insert(sku.clone(), None),
            CartEvent::Cleared(_) | CartEvent::Bought(_) => (cart.emptied, cart.items) = (true, BTreeMap::new()),
            CartEvent::CheckedOut(event) => {
                cart.order = Some(event.order_id.0);
                cart.addressed |= event.order.shipping_address.is_some();
            }
            CartEvent::Reopened(_) => {}
        }
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        if batch.0.is_empty() {
            return Ok(());
        }
        let emptied: Vec<Uuid> = batch.0.iter().filter(|(_, cart)| cart.emptied).map(|(user, _)| user.0).collect();
        if !emptied.is_empty() {
            execute(transaction, EMPTY, &[&emptied]).await?;
        }
        let (gone, there) = items(batch);
        if !gone.0.is_empty() {
            execute(transaction, TAKE_OUT, &[&gone.0, &gone.1]).await?;
        }
        if !there.0.is_empty() {
            execute(transaction, PUT_IN, &[&there.0, &there.1, &there.2]).await?;
        }
        let users: Vec<Uuid> = batch.0.keys().map(|user| user.0).collect();
        let orders = column(batch, |cart| cart.order);
        let addressed = column(batch, |cart| cart.addressed);
        let versions = column(batch, |cart| cart.version.0.cast_signed());
        let partitions = column(batch, |cart| cart.partition.0);
        let offsets = column(batch, |cart| cart.offset.0);
        execute(transaction, UPSERT, &[&users, &orders, &addressed, &versions, &partitions, &offsets]).await.map(drop)
    }
}

type Gone<'a> = (Vec<Uuid>, Vec<&'a str>);
type There<'a> = (Vec<Uuid>, Vec<&'a str>, Vec<i64>);

/// What was taken out and what lies there now, each in the order of its keys.
fn items(batch: &Batch) -> (Gone<'_>, There<'_>) {
    let (mut gone, mut there): (Gone<'_>, There<'_>) = Default::default();
    let all = batch.0.iter().flat_map(|(user, cart)| cart.items.iter().map(move |item| (user.0, item)));
    for (user, (sku, quantity)) in all {
        match quantity {
            None => {
                gone.0.push(user);
                gone.1.push(sku.as_str());
            }
            Some(quantity) => {
                there.0.push(user);
                there.1.push(sku.as_str());
                there.2.push(quantity.get());
            }
        }
    }
    (gone, there)
}

fn column<T>(batch: &Batch, of: impl Fn(&Cart) -> T) -> Vec<T> {
    batch.0.values().map(of).collect()
}

#[cfg(test)]
mod tests;
