//! The public door with an empty role behind it, beside the empty handler alone and beside nginx as its proxy.

use crate::Failure;
use crate::http::free_address;
use crate::load::Load;
use crate::nginx::Nginx;
use crate::report::{Section, Target};
use crate::requests::{by_token, receive};
use crate::scale::Scale;
use crate::shop::Shop;
use crate::tillroll::Tillroll;
use crate::usage::Watch;
use tillroll_http::Keys;

/// Percent of the empty handler's rate.
const OF_EMPTY: u64 = 40;
/// Percent of nginx's rate.
const OF_NGINX: u64 = 100;

pub async fn gateway(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let mut section = Section::new("gateway");
    let (clients, seconds) = (scale.clients, scale.seconds);
    let watch = shop.watch_empty();
    let load = Load { clients, seconds, target: shop.empty.target(), watch: &watch };
    let empty = section.loaded("empty handler", clients, load.run().await?);
    let through = through_gateway(shop, scale, &mut section).await?;
    let what = "of the empty handler's rate";
    section.targets.push(Target::rate(what, &through, &empty, OF_EMPTY));
    match Nginx::start(shop.empty.address).await? {
        None => section.remarks.push("nginx is not installed: that limit was not measured".to_owned()),
        Some(nginx) => {
            let watch = watch.and("nginx", nginx.pid);
            let target = crate::http::Target { address: nginx.address, ..shop.empty.target() };
            let loaded = Load { clients, seconds, target, watch: &watch }.run().await?;
            let proxied = section.loaded("empty handler through nginx", clients, loaded);
            section.targets.push(Target::rate("of nginx's rate", &through, &proxied, OF_NGINX));
            nginx.stop().await?;
        }
    }
    Ok(section)
}

/// A gateway of its own, all of whose roles are the empty handler: tokens are verified, identities sealed.
async fn through_gateway(
    shop: &Shop,
    scale: &Scale,
    section: &mut Section,
) -> Result<crate::measured::Measured, Failure> {
    let door = free_address().await?;
    let mut settings = vec![("TILLROLL_LISTEN", door.to_string())];
    for variable in [
        "TILLROLL_CATALOG_URL",
        "TILLROLL_INVENTORY_URL",
        "TILLROLL_ORDERS_URL",
        "TILLROLL_USERS_URL",
        "TILLROLL_QUERY_API_URL",
    ] {
        settings.push((variable, format!("http://{}", shop.empty.address)));
    }
    let mut tillroll = Tillroll::start(&shop.stack, &["gateway"], &settings)?;
    tillroll.until_open(door).await?;
    let keys = Keys::open_or_create(&tillroll.home().join("keys"))?;
    let watch = Watch::load().and("gateway", tillroll.pid).and("empty handler", shop.empty.pid);
    let target = receive(door, by_token(&keys)?, &shop.skus);
    let load = Load { clients: scale.clients, seconds: scale.seconds, target, watch: &watch };
    let through = section.loaded("empty role behind the gateway", scale.clients, load.run().await?);
    tillroll.stop().await?;
    Ok(through)
}
