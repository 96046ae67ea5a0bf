//! Which measurements share servers: those of the whole shop, then those that fold a long log.

use crate::long_log::Roll;
use crate::measurements as measure;
use crate::report::Report;
use crate::scale::Scale;
use crate::shop::Shop;
use crate::{Failure, What};

/// Carries out what is asked for, and puts each section into the report when it is measured. Everything that was
/// started is stopped.
pub async fn run(what: What, scale: &Scale, report: &mut Report) -> Result<(), Failure> {
    let folds = [What::OwnerCatchUp, What::ProjectorCatchUp];
    if !folds.contains(&what) {
        of_shop(what, scale, report).await?;
    }
    if folds.contains(&what) || what == What::All {
        of_log(what, scale, report).await?;
    }
    Ok(())
}

async fn of_shop(what: What, scale: &Scale, report: &mut Report) -> Result<(), Failure> {
    begins("starting the shop");
    let shop = Shop::open(scale).await?;
    // First: it wants to see an idle process, and stocks the shop itself.
    if asked(what, What::Budget) {
        report.sections.push(measure::budget(&shop, scale).await?);
    } else {
        shop.stock().await?;
    }
    if asked(what, What::Commands) {
        report.sections.push(measure::commands(&shop, scale).await?);
    }
    if asked(what, What::HotKey) {
        report.sections.push(measure::hot_key(&shop, scale).await?);
    }
    if asked(what, What::PointQuery) {
        report.sections.push(measure::point_query(&shop, scale).await?);
    }
    if asked(what, What::Gateway) {
        report.sections.push(measure::gateway(&shop, scale).await?);
    }
    if asked(what, What::LogIn) {
        report.sections.push(measure::log_in(&shop, scale).await?);
    }
    if asked(what, What::Checkout) {
        report.sections.push(measure::checkout(&shop, scale).await?);
        report.sections.push(measure::checkout_by_card(&shop, scale).await?);
    }
    shop.close().await
}

async fn of_log(what: What, scale: &Scale, report: &mut Report) -> Result<(), Failure> {
    begins("writing a long log");
    let roll = Roll::start().await?;
    let empty = match asked(what, What::OwnerCatchUp) {
        true => Some(measure::start_takes(&roll).await?),
        false => None,
    };
    measure::prepare(&roll).await?;
    roll.append(scale.records).await?;
    if let Some(empty) = empty {
        report.sections.push(measure::owner_catch_up(&roll, scale.records, empty).await?);
    }
    if asked(what, What::ProjectorCatchUp) {
        report.sections.push(measure::projector_catch_up(&roll, scale.records).await?);
    }
    roll.stop().await
}

/// Says which measurement begins, and whether it is wanted.
fn asked(what: What, this: What) -> bool {
    let wanted = what == this || what == What::All;
    if wanted {
        begins(&format!("{this:?}"));
    }
    wanted
}

fn begins(what: &str) {
    eprintln!("bench: {what}");
}
