//! Commands over HTTP until they are durable and read back, beside an empty handler of the same server and, one at a
//! time, beside the bare append and read-back.

use crate::Failure;
use crate::bare::Bare;
use crate::load::Load;
use crate::report::{Section, Target};
use crate::requests::receive;
use crate::scale::Scale;
use crate::shop::Shop;

/// Percent of the empty handler's rate, by clients.
const AT_LEAST: [(usize, u64); 2] = [(64, 25), (256, 50)];
/// The median at one client, in percent of the bare loop's.
const AT_MOST: u64 = 150;

pub async fn commands(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let mut section = Section::new("commands");
    let (watch, watch_empty, seconds) = (shop.watch(), shop.watch_empty(), scale.seconds);
    let mut bare = Bare::start(shop.stack.bootstrap_servers()).await?;
    for &clients in &scale.command_clients {
        let load = Load { clients, seconds, target: shop.empty.target(), watch: &watch_empty };
        let limit = section.loaded("empty handler", clients, load.run().await?);
        if clients == 1 {
            let alone = bare.one_at_a_time(seconds).await?;
            section.row("bare append + read back", Some(1), alone, Vec::new());
        }
        let target = receive(shop.inventory, shop.by_identity(), &shop.skus);
        let load = Load { clients, seconds, target, watch: &watch };
        let command = section.loaded("command, role's listener", clients, load.run().await?);
        let target = receive(shop.gateway, shop.by_token()?, &shop.skus);
        let load = Load { clients, seconds, target, watch: &watch };
        section.loaded("command, gateway", clients, load.run().await?);
        for (_, at_least) in AT_LEAST.iter().filter(|(at, _)| *at == clients) {
            let what = format!("role's listener, {clients} clients, of the empty handler's rate");
            section.targets.push(Target::rate(what, &command, &limit, *at_least));
        }
        if clients == 1 {
            let bare = section.rows.iter().find(|row| row.what.starts_with("bare"));
            let bare = bare.map_or(0, |row| row.measured.p50_micros()).max(1);
            let what = "role's listener, 1 client, p50 of the bare loop's p50";
            section.targets.push(Target::at_most(what, command.p50_micros() * 100 / bare, AT_MOST, "%"));
        }
    }
    Ok(section)
}
