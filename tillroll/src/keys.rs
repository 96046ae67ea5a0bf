//! `tillroll keys`: the keys of an installation, and how one that signs access tokens is replaced while everything runs.

use crate::Failure;
use crate::config::Config;
use crate::token::duration;
use chrono::{DateTime, SecondsFormat};
use clap::Subcommand;
use std::process::ExitCode;
use std::time::Duration;
use tillroll_http::rotation::{self, PUBLISHED_FOR, RotationError};
use tillroll_http::{KeyState, Keys, unix_now};

/// Make the keys of a new shop; look at those that sign access tokens, and replace them.
///
/// Of those that sign there are at most two. A new key is published at `/.well-known/jwks.json` before it signs, so that whoever verifies
/// tokens knows it in time; then it signs, and the older one verifies what it signed before; when that is good for
/// nothing any more the older one is retired:
///
///     tillroll keys rotate            # makes a key that signs in ten minutes
///     tillroll keys list              # until it says `signs`, and 16 minutes longer
///     tillroll keys retire            # destroys the older one
///
/// Nothing is restarted: every process looks at the files in TILLROLL_HOME/keys every five seconds. Where processes have
/// copies of that directory, copy `access-token-next.pem` to all of them before it signs, and after `retire` copy
/// `access-token.pem` and remove `access-token-next.pem`. A key that was stolen is replaced with `rotate --after 10s`
/// and, ten seconds later, `retire --now`: then every access token ends, and clients refresh theirs.
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub enum KeysCommand {
    /// Make the keys of a new installation, in TILLROLL_HOME/keys: once, before its first start in production, where
    /// nothing else makes any. Back them up, and copy the directory to every machine that runs a part of the shop.
    Create,
    /// Show each key's id (`kid`), and what it is good for now.
    List,
    /// Make the next key. It is published at once and signs later.
    Rotate {
        /// How long it is published before it signs, at least 10s: longer than anybody keeps an answer of
        /// `/.well-known/jwks.json`, which may be kept for 5 minutes.
        #[arg(long, default_value = "10m", value_parser = duration)]
        after: Duration,
    },
    /// Destroy the older key. What it signed is refused within 5 seconds. Tokens of log-ins have ended by then; tokens
    /// that `tillroll token` printed may live longer, and end with it.
    Retire {
        /// Even if tokens of log-ins that it signed are still good.
        #[arg(long)]
        now: bool,
    },
}

#[expect(clippy::print_stdout, reason = "the command's output")]
pub fn run(command: &KeysCommand, config: &Config) -> Result<ExitCode, Failure> {
    if let KeysCommand::Create = command {
        return create(config);
    }
    let (keys, dir, now) = (config.existing_keys()?, config.keys_dir(), unix_now());
    match command {
        KeysCommand::Create => {}
        KeysCommand::List => {
            keys.access.states(now).iter().for_each(|(kid, state)| println!("{kid}  {}", said(*state)))
        }
        KeysCommand::Rotate { after } if *after < PUBLISHED_FOR => {
            return Err(
                format!("--after: at least {} s, so that every process has seen it", PUBLISHED_FOR.as_secs()).into()
            );
        }
        KeysCommand::Rotate { after } => {
            let from = now.saturating_add(after.as_secs());
            rotation::rotate(&dir, from).map_err(in_words)?;
            println!("published; it signs from {} on. Then, 16 minutes later: tillroll keys retire", shown(from));
        }
        KeysCommand::Retire { now: at_once } => {
            rotation::retire(&dir, now, *at_once).map_err(in_words)?;
            println!("the older key is destroyed; what it signed is refused within 5 s");
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the command's output")]
fn create(config: &Config) -> Result<ExitCode, Failure> {
    let dir = config.keys_dir();
    if dir.read_dir().is_ok_and(|mut files| files.next().is_some()) {
        return Err(format!("{} is not empty: keys are made once for a shop, and never again", dir.display()).into());
    }
    Keys::open_or_create(&dir)?;
    let of_vault = if config.make_master_key()? { ", the vault's master key among them" } else { "" };
    println!("made in {}{of_vault}: back them up, and copy them to every machine of this shop", dir.display());
    Ok(ExitCode::SUCCESS)
}

fn said(state: KeyState) -> String {
    match state {
        KeyState::Signs => "signs".to_owned(),
        KeyState::SignsFrom(at) => format!("published, signs from {} on", shown(at)),
        KeyState::Verifies => "verifies what it signed before, until it is retired".to_owned(),
    }
}

/// The same with times that people can read, and what to do.
fn in_words(error: RotationError) -> Failure {
    match error {
        RotationError::StillSigns(at) => {
            format!("the newer key does not sign before {}: retire the older one after that", shown(at)).into()
        }
        RotationError::StillGood(at) => {
            let at = shown(at);
            format!("log-ins hold tokens that the older key signed, until {at}: wait, or use --now to end them").into()
        }
        other
        @ (RotationError::File(_) | RotationError::TwoKeys | RotationError::OneKey | RotationError::Malformed) => {
            other.into()
        }
    }
}

fn shown(at: u64) -> String {
    let time = i64::try_from(at).ok().and_then(|at| DateTime::from_timestamp(at, 0));
    time.map_or_else(|| format!("{at} s since 1970"), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}
