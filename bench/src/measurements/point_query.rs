//! One product by its SKU at the query API's own listener, beside `pgbench -S -M prepared` on the same server.

use crate::Failure;
use crate::load::Load;
use crate::pgbench::Pgbench;
use crate::report::{Section, Target};
use crate::requests::read;
use crate::scale::Scale;
use crate::shop::Shop;

/// Percent of pgbench's rate.
const AT_LEAST: u64 = 50;

pub async fn point_query(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let mut section = Section::new("point-query");
    let (watch, seconds) = (shop.watch(), scale.seconds);
    let pgbench = Pgbench::prepare(&shop.stack).await?;
    if pgbench.is_none() {
        section.remarks.push("pgbench is not installed (Debian: postgresql): no limit was measured".to_owned());
    }
    for &clients in &scale.query_clients {
        let target = read(shop.query_api, shop.by_identity(), &shop.skus);
        let query = Load { clients, seconds, target, watch: &watch }.run().await?;
        let query = section.loaded("GET /products/{sku}", clients, query);
        if let Some(pgbench) = &pgbench {
            let limit = pgbench.select(clients, seconds).await?;
            section.row("pgbench -S -M prepared", Some(clients), limit, Vec::new());
            let what = format!("{clients} clients, of pgbench's rate");
            section.targets.push(Target::rate(what, &query, &limit, AT_LEAST));
        }
    }
    Ok(section)
}
