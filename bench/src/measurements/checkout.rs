//! A whole order of three lines, on account or by card: from the request until it is confirmed (by card: until the
//! money is taken), and until a query that carries its consistency token shows it. First at a fixed rate, then as fast as
//! some clients can.

use crate::Failure;
use crate::bare::Bare;
use crate::http::{Connection, Target as Request};
use crate::load::Load;
use crate::measured::Measured;
use crate::report::{Section, Target};
use crate::requests::{Caller, Paid, order, read_back};
use crate::scale::Scale;
use crate::shop::Shop;
use hyper::StatusCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tillroll_kafka::{Admin, Config, PartitionId};
use tillroll_schemas::catalogue::{ORDER, PAYMENT, STOCK_ITEM};
use tokio::time::{Instant, sleep_until};

/// Between two orders of the open loop: 20 a second.
const EVERY: Duration = Duration::from_millis(50);
/// Numbers of the open loop's orders, apart from those of closed loops: they make idempotency keys.
const FIRST: u64 = 1 << 40;
/// Milliseconds until visible.
const P50_AT_MOST: u64 = 40;
const P99_AT_MOST: u64 = 250;
/// Percent of what the bare rate would allow.
const AT_LEAST: u64 = 50;

pub async fn checkout(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let buys = Buys {
        caller: shop.by_token()?,
        paid: Paid::OnAccount,
        topics: &[ORDER.events, ORDER.commands, STOCK_ITEM.events, STOCK_ITEM.commands],
    };
    measure("checkout", shop, scale, &buys).await
}

/// The money is held and taken at the sandbox, whose answers come at once: what is measured is ours.
pub async fn checkout_by_card(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let buys = Buys {
        caller: shop.as_customer()?,
        paid: Paid::ByCard,
        topics: &[
            ORDER.events,
            ORDER.commands,
            STOCK_ITEM.events,
            STOCK_ITEM.commands,
            PAYMENT.events,
            PAYMENT.commands,
        ],
    };
    measure("checkout by card", shop, scale, &buys).await
}

/// Who buys, how he pays, and where that is written until his order is his.
struct Buys {
    caller: Caller,
    paid: Paid,
    topics: &'static [&'static str],
}

impl Buys {
    fn order(&self, shop: &Shop) -> Request {
        order(shop.gateway, self.caller.clone(), &shop.skus, self.paid)
    }
}

async fn measure(name: &'static str, shop: &Shop, scale: &Scale, buys: &Buys) -> Result<Section, Failure> {
    let mut section = Section::new(name);
    open_loop(shop, scale, buys, &mut section).await?;
    closed_loop(shop, scale, buys, &mut section).await?;
    Ok(section)
}

/// Each order begins when it is due, however long the ones before it take; latencies count from then.
async fn open_loop(shop: &Shop, scale: &Scale, buys: &Buys, section: &mut Section) -> Result<(), Failure> {
    let orders = u64::try_from(scale.seconds.as_millis() / EVERY.as_millis())?.max(1);
    let desk = Arc::new(Desk { order: buys.order(shop), caller: buys.caller.clone(), idle: Mutex::default() });
    let watch = shop.watch();
    let (begun, used) = (Instant::now(), watch.read());
    let mut due = begun;
    let mut under_way = Vec::new();
    for number in 0..orders {
        sleep_until(due).await;
        under_way.push(tillroll_telemetry::spawn("order", one(desk.clone(), FIRST + number, due)));
        due += EVERY;
    }
    let (mut confirmed, mut visible, mut refused) = (Vec::new(), Vec::new(), 0);
    for order in under_way {
        match order.await?? {
            Some(times) => {
                confirmed.push(times.confirmed);
                visible.push(times.visible);
            }
            None => refused += 1,
        }
    }
    let (took, costs) = (begun.elapsed(), watch.read().since(&used));
    section.row("20 a second, until confirmed", None, Measured::of(confirmed, took, refused), costs);
    let visible = Measured::of(visible, took, refused);
    section.row("20 a second, until visible", None, visible, Vec::new());
    let (p50, p99) = (visible.p50_micros().div_ceil(1_000), visible.p99_micros().div_ceil(1_000));
    section.targets.push(Target::at_most("20 a second, until visible, p50", p50, P50_AT_MOST, "ms"));
    section.targets.push(Target::at_most("20 a second, until visible, p99", p99, P99_AT_MOST, "ms"));
    Ok(())
}

/// As many orders as the clients get confirmed, beside what the log alone could take.
async fn closed_loop(shop: &Shop, scale: &Scale, buys: &Buys, section: &mut Section) -> Result<(), Failure> {
    let (clients, seconds) = (scale.clients, scale.seconds);
    let (watch, admin) = (shop.watch(), Admin::new(&Config::new(shop.stack.bootstrap_servers()))?);
    let before = records(&admin, buys.topics).await?;
    let target = buys.order(shop);
    let loaded = Load { clients, seconds, target, watch: &watch }.run().await?;
    let written = records(&admin, buys.topics).await? - before;
    let tenths = u64::try_from(written)? * 10 / loaded.all.max(1);
    let sustained = section.loaded("sustained, until confirmed", clients, loaded);
    let mut bare = Bare::start(shop.stack.bootstrap_servers()).await?;
    let bare = bare.many_at_a_time(seconds).await?;
    section.row("bare append + read back, 2,048 under way", None, bare, Vec::new());
    let allowed = Measured { per_second: bare.per_second * 10 / tenths.max(1), ..Measured::default() };
    section.row("the same ÷ records of one checkout", None, allowed, Vec::new());
    section.targets.push(Target::rate("sustained, of what the bare rate allows", &sustained, &allowed, AT_LEAST));
    section.remarks.push(format!("{}.{} records per checkout in {}", tenths / 10, tenths % 10, buys.topics.join(", ")));
    Ok(())
}

/// What orders of the open loop share.
struct Desk {
    order: Request,
    caller: Caller,
    idle: Mutex<Vec<Connection>>,
}

struct Times {
    confirmed: Duration,
    visible: Duration,
}

impl Desk {
    fn idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// One order; nothing if it was refused or cannot be read.
async fn one(desk: Arc<Desk>, number: u64, due: Instant) -> Result<Option<Times>, Failure> {
    let mut connection = match desk.idle() {
        Some(connection) => connection,
        None => Connection::open(desk.order.address).await?,
    };
    let placed = connection.send((desk.order.make)(number)?).await?;
    let confirmed = due.elapsed();
    if placed.status() != desk.order.good {
        return Ok(None);
    }
    let header = |name| placed.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let read = connection.send(read_back(header("location"), header("consistency-token"), &desk.caller)?).await?;
    let visible = due.elapsed();
    desk.give_back(connection);
    Ok((read.status() == StatusCode::OK).then_some(Times { confirmed, visible }))
}

/// How many records these topics hold.
async fn records(admin: &Admin, topics: &[&str]) -> Result<i64, Failure> {
    let mut records = 0;
    for name in topics {
        let topic = (*name).into();
        let described = admin.describe_topics(std::slice::from_ref(&topic)).await?.into_iter().next().flatten();
        let partitions = described.ok_or("no such topic")?.partitions;
        let partitions: Vec<_> = (0..partitions).map(PartitionId).collect();
        records += admin.end_offsets(&topic, &partitions).await?.iter().map(|(_, _, end)| end.0).sum::<i64>();
    }
    Ok(records)
}
