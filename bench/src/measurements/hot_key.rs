//! Everybody at one SKU, beside the same load over all SKUs.

use crate::Failure;
use crate::load::Load;
use crate::report::{Section, Target};
use crate::requests::receive;
use crate::scale::Scale;
use crate::shop::Shop;
use std::sync::Arc;

/// Percent of the rate over all SKUs.
const AT_LEAST: u64 = 80;

pub async fn hot_key(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let mut section = Section::new("hot-key");
    let (watch, clients, seconds) = (shop.watch(), scale.clients, scale.seconds);
    let one: Arc<[String]> = shop.skus.iter().take(1).cloned().collect();
    let mut rate = async |what, skus| {
        let target = receive(shop.inventory, shop.by_identity(), skus);
        let loaded = Load { clients, seconds, target, watch: &watch }.run().await?;
        Ok::<_, Failure>(section.loaded(what, clients, loaded))
    };
    let limit = rate("commands over all SKUs", &shop.skus).await?;
    let hot = rate("commands at one SKU", &one).await?;
    let what = format!("one SKU, of the rate over {} SKUs", shop.skus.len());
    section.targets.push(Target::rate(what, &hot, &limit, AT_LEAST));
    Ok(section)
}
