//! PostgreSQL: whether it answers, what its clock says, and whether its tables are those of this build.

use super::{Finding, clocks};
use crate::Failure;
use crate::config::Config;
use std::time::Duration;
use tillroll_log::now;
use tillroll_postgres::{Migrated, Pool, Settings, migrated};
use tillroll_projectors::MIGRATIONS;

const WITHIN: Duration = Duration::from_secs(3);
const ABOUT: &str = "SELECT current_setting('server_version'), \
    (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint";
const ANEW: &str = "run the build that made them, or fold the read models anew: `serve all --rebuild`";

/// What was found, and the way to its tables if it answers.
pub async fn look(config: &Config) -> (Vec<Finding>, Option<Pool>) {
    let Ok(url) = config.reachable_database_url() else {
        let mend = "start `tillroll up` (scripts/up), or set DATABASE_URL to where it is";
        let detail = "DATABASE_URL is not set, and no `tillroll up` is running here";
        return (vec![Finding::problem("postgres", detail, mend)], None);
    };
    match ask(&url).await {
        Ok((pool, findings)) => (findings, Some(pool)),
        Err(why) => {
            let mend = "start it, or set DATABASE_URL to where it is; commands are served meanwhile";
            (vec![Finding::unasked("postgres", &why, mend)], None)
        }
    }
}

async fn ask(url: &str) -> Result<(Pool, Vec<Finding>), Failure> {
    let settings = Settings::parse(url, "tillroll-doctor")?.pool_size(1).patience(WITHIN).read_only();
    let pool = Pool::new(&settings)?;
    pool.ping().await?;
    let begun = now();
    let about = pool.row(ABOUT, &[]).await?.ok_or("no answer to a query")?;
    let middle = begun.timestamp_millis() + (now() - begun).num_milliseconds() / 2;
    let (version, time_ms): (String, i64) = (about.try_get(0)?, about.try_get(1)?);
    let mut findings = vec![Finding::ok("postgres", format!("answers, version {version}"))];
    findings.push(clocks::finding("PostgreSQL", time_ms - middle));
    findings.push(tables(&migrated(&pool, MIGRATIONS).await?));
    Ok((pool, findings))
}

/// What is there of the tables that this build knows.
fn tables(migrated: &Migrated) -> Finding {
    let Migrated { missing, changed, unknown } = migrated;
    if !changed.is_empty() {
        return Finding::problem("migrations", format!("{changed:?} were applied with another text"), ANEW);
    }
    if !unknown.is_empty() {
        let mend = "none if that build is still there; this one leaves them as they are";
        return Finding::warn("migrations", format!("{unknown:?} are of a newer build"), mend);
    }
    if !missing.is_empty() {
        let mend = "start the projectors, which apply them: tillroll serve projectors";
        return Finding::warn("migrations", format!("{missing:?} are not applied"), mend);
    }
    Finding::ok("migrations", format!("all {} are applied", MIGRATIONS.len()))
}

#[cfg(test)]
mod tests {
    //! Which state of the tables is what.

    use super::super::Health;
    use super::*;

    #[test]
    fn tables_that_were_changed_are_a_problem_and_those_of_other_builds_are_worth_a_look() {
        let [none, one] = [Vec::new(), vec![3]];
        for (missing, changed, unknown, health) in [
            (&none, &none, &none, Health::Ok),
            (&one, &none, &none, Health::Warn),
            (&none, &one, &none, Health::Problem),
            (&none, &none, &one, Health::Warn),
            (&one, &one, &none, Health::Problem),
        ] {
            let migrated = Migrated { missing: missing.clone(), changed: changed.clone(), unknown: unknown.clone() };
            assert_eq!(tables(&migrated).health, health, "{migrated:?}");
        }
    }
}
