//! `tillroll token`: an access token from the installation's own key, for staff and scripts.

use crate::Failure;
use crate::config::Config;
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;
use tillroll_http::{Identity, Role, unix_now};
use uuid::Uuid;

#[derive(Args)]
pub struct TokenArgs {
    /// What the bearer may do: staff, operator or customer.
    #[arg(long, default_value = "staff")]
    role: String,
    /// Who the bearer is, as it will stand in `ce_actor` of events. No personal data.
    #[arg(long, default_value = "staff")]
    subject: String,
    /// The user whom the bearer is, instead of --subject: for trying out as a customer what belongs to this user. No
    /// log-in stands behind it, so that logging out ends nothing; suspending or erasing the user does.
    #[arg(long, conflicts_with = "subject", value_name = "UUID")]
    user: Option<Uuid>,
    /// How long it is good, at most 366 days: 15m, 12h, 7d. The door allows clocks to differ by half a minute.
    #[arg(long, default_value = "12h", value_parser = lifetime)]
    ttl: Duration,
}

/// The longest life of a token: who needs it for longer mints another.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

fn lifetime(text: &str) -> Result<Duration, String> {
    let life = duration(text)?;
    match life {
        Duration::ZERO => Err("a token that is never good is of no use".into()),
        life if life > LONGEST => Err("a token is good for 366 days at most".into()),
        life => Ok(life),
    }
}

pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration like 90s, 15m, 12h or 7d");
    let unit = text.char_indices().last().map(|(at, unit)| (&text[..at], unit)).ok_or_else(wrong)?;
    let number: u64 = unit.0.parse().map_err(|_| wrong())?;
    let seconds = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

/// A staff token for this installation's own client commands.
pub fn staff(config: &Config, ttl: Duration) -> Result<String, Failure> {
    Ok(config.existing_keys()?.mint("staff", Role::Staff, ttl)?)
}

/// An operator's token for one command, in the name of `subject`, who will stand in the events.
pub fn operator(config: &Config, subject: &str) -> Result<String, Failure> {
    Ok(config.existing_keys()?.mint(subject, Role::Operator, Duration::from_secs(300))?)
}

#[expect(clippy::print_stdout, reason = "the command's output")]
pub fn run(args: &TokenArgs, config: &Config) -> Result<ExitCode, Failure> {
    let role: Role = args.role.parse()?;
    let identity = match args.user {
        Some(user) => Identity::of_user(user, &[role], None),
        None => role.held_by(&args.subject),
    };
    println!("{}", config.existing_keys()?.access.mint(&identity, args.ttl, unix_now())?);
    Ok(ExitCode::SUCCESS)
}
