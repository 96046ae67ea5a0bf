//! `tillroll vault`: the keys to personal data, and the master key that wraps them.

mod forgetting;

pub use forgetting::forget_the_erased;

use crate::config::{Config, FISCAL_TERM, Missing};
use crate::{Failure, counted};
use chrono::NaiveDate;
use clap::Subcommand;
use std::process::ExitCode;
use tillroll_postgres::Settings;
use tillroll_vault::{FiscalTerm, Vault};

/// The vault holds one key per person, wrapped by a master key, in a database of its own. Personal data is in the log
/// only sealed under its person's key: whoever destroys that key has forgotten the person.
///
/// Back up this database continuously, and the master key apart from it. What it loses is lost: no rebuild brings it
/// back.
#[derive(Subcommand)]
pub enum VaultCommand {
    /// Look whether the vault answers and every master key that is in use is known here; exit 1 if not.
    ///
    /// Lists each master key by the beginning of its hash with the number of keys that it wraps. A master key that is
    /// not listed is needed no more.
    Check,
    /// Wrap every person's key anew under the current master key. May be interrupted and repeated at any time.
    ///
    /// A rotation has four steps, each of which leaves everything readable:
    ///
    ///   1. Make a new key (openssl rand -hex 32 > new.key; chmod 600 new.key). Give every process the new one beside
    ///      the old one (TILLROLL_VAULT_OTHER_KEY_FILES=new.key) and restart them.
    ///
    ///   2. Make it the current one (TILLROLL_VAULT_KEY_FILE=new.key, TILLROLL_VAULT_OTHER_KEY_FILES=old.key) and
    ///      restart them.
    ///
    ///   3. tillroll vault rotate, with the settings of step 2. Again if it says that keys are left: a process of step 1
    ///      still ran.
    ///
    ///   4. Take the old key away (no TILLROLL_VAULT_OTHER_KEY_FILES), restart, and destroy it once no backup from
    ///      before step 3 is needed: it is the only thing that opens those.
    #[command(verbatim_doc_comment)]
    Rotate,
    /// Destroy the keys to names and addresses on documents of years that nobody has to keep any more.
    ///
    /// Whoever buys is sealed for his invoice under a key of the year in which he orders. It outlives his erasure, and is
    /// kept for as many calendar years after its own as TILLROLL_FISCAL_TERM_YEARS says (11). Once a year is enough, in
    /// January. Documents stay, with their sums; who bought, nobody reads any more. There is no way back but a backup of
    /// the vault: after one was restored, run it again.
    ExpireFiscal {
        /// The keys of the calendar years before this one; at most those whose term is over.
        #[arg(long, value_name = "YYYY", value_parser = clap::value_parser!(u16).range(1_970..=9_999))]
        before: u16,
        /// Only tell how many there are.
        #[arg(long)]
        dry_run: bool,
    },
}

pub async fn run(command: VaultCommand, config: Config) -> Result<ExitCode, Failure> {
    let settings = config.vault_settings(&config.vault_url()?)?;
    let vault = config.vault(&settings, Missing::Refused)?;
    match command {
        VaultCommand::Check => check(&vault).await,
        VaultCommand::Rotate => rotate(&vault).await,
        VaultCommand::ExpireFiscal { before, dry_run } => {
            expire_fiscal(&vault, config.fiscal_term()?, before, dry_run).await
        }
    }
}

/// Makes the vault's tables, or brings them to this build's, and looks whether this process has the right master key.
/// Nothing may be sealed or opened before.
pub async fn prepare(settings: &Settings, vault: &Vault) -> Result<(), tillroll_vault::Error> {
    tillroll_vault::prepare(settings).await?;
    vault.check().await
}

#[expect(clippy::print_stdout, reason = "the command's output")]
async fn check(vault: &Vault) -> Result<ExitCode, Failure> {
    for (master, keys) in vault.masters().await? {
        println!("master key {master} wraps {}", counted(keys, "key"));
    }
    vault.check().await?;
    println!("every master key that is in use is known here");
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the command's output")]
async fn rotate(vault: &Vault) -> Result<ExitCode, Failure> {
    vault.check().await?;
    let rotated = vault.rotate().await?;
    match (rotated.rewrapped, rotated.left) {
        (0, 0) => println!("nothing to do: every key is under the current master key already"),
        (rewrapped, _) => println!("{} wrapped anew", counted(rewrapped, "key")),
    }
    if rotated.left > 0 {
        let left = counted(rotated.left, "key");
        println!("another master key wraps {left}: some process still has it as its current one");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Erasures promise until when documents are kept: neither shorter nor, once somebody runs this, longer.
#[expect(clippy::print_stdout, reason = "the command's output")]
async fn expire_fiscal(vault: &Vault, term: FiscalTerm, before: u16, dry_run: bool) -> Result<ExitCode, Failure> {
    let kept_from = term.kept_from(tillroll_log::now().date_naive());
    if i32::from(before) > kept_from {
        let last = before.saturating_sub(1);
        let until = term.until(last);
        return Err(
            format!("keys of {last} are kept until {until}: at most --before {kept_from} ({FISCAL_TERM})").into()
        );
    }
    let day = NaiveDate::from_ymd_opt(before.into(), 1, 1).ok_or("there is no such year")?;
    if dry_run {
        let keys = counted(vault.fiscal_keys(day).await?, "fiscal key");
        println!("{keys} of the years before {before} would be destroyed");
    } else {
        let keys = counted(vault.erase_fiscal(day).await?, "fiscal key");
        println!("{keys} of the years before {before} destroyed");
    }
    Ok(ExitCode::SUCCESS)
}
