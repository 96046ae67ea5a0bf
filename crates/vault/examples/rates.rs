//! What sealing costs, on a PostgreSQL of its own, beside the bare cipher in the same run: texts a second of one task.
//! `cargo run --release -p tillroll-vault --example rates`

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use tillroll_testkit::database;
use tillroll_vault::{Caching, MIGRATIONS, MasterKey, MasterKeys, Sealed, Vault};
use uuid::Uuid;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const TEXT: &str = "12 Long Lane, Little Wenlock, TF6 5BH";
const COMMAND: Uuid = Uuid::from_u128(1);
const PERSONS: u128 = 2_000;
const TEXTS: u32 = 200_000;

#[tokio::main]
async fn main() -> Outcome {
    let settings = database("vault_rates", MIGRATIONS).await;
    let vault = || Vault::new(&settings, masters()?, Caching::default()).map_err(Box::<dyn Error>::from);
    bare();
    let writer = vault()?;
    let sealed = first_seals(&writer).await?;
    cached_seals(&writer).await?;
    cached_opens(&writer, &sealed).await?;
    let began = Instant::now();
    let reader = vault()?;
    for (person, sealed) in &sealed {
        reader.open(*person, "street", sealed).await?;
    }
    print("opens with a key from the database", sealed.len(), began.elapsed());
    let found: Vec<_> = sealed.iter().map(|(person, sealed)| (*person, "street", sealed)).collect();
    let (reader, began) = (vault()?, Instant::now());
    for hundred in found.chunks(100) {
        reader.open_all(hundred).await?;
    }
    print("the same by hundreds", sealed.len(), began.elapsed());
    let rotating = Vault::new(&settings, MasterKeys::new(master(2)?).also(master(1)?), Caching::default())?;
    let began = Instant::now();
    let rewrapped = usize::try_from(rotating.rotate().await?.rewrapped)?;
    print("keys rotated", rewrapped, began.elapsed());
    Ok(())
}

fn master(fill: u8) -> Outcome<MasterKey> {
    Ok(MasterKey::from_text(&format!("{fill:02x}").repeat(32))?)
}

fn masters() -> Outcome<MasterKeys> {
    Ok(MasterKeys::new(master(1)?))
}

/// The limit: the cipher alone, with as many bytes.
fn bare() {
    let cipher = Aes256Gcm::new(&[1; 32].into());
    let began = Instant::now();
    for number in 0..TEXTS {
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&number.to_le_bytes());
        let _ = black_box(cipher.encrypt(&nonce.into(), Payload { msg: TEXT.as_bytes(), aad: &[0; 70] }));
    }
    print("bare AES-256-GCM", TEXTS as usize, began.elapsed());
}

async fn first_seals(vault: &Vault) -> Outcome<Vec<(Uuid, Sealed)>> {
    let (began, mut sealed) = (Instant::now(), Vec::new());
    for person in (0..PERSONS).map(Uuid::from_u128) {
        sealed.push((person, vault.seal(person, COMMAND, "street", TEXT).await?));
    }
    print("first seals of a person", sealed.len(), began.elapsed());
    Ok(sealed)
}

async fn cached_seals(vault: &Vault) -> Outcome {
    let began = Instant::now();
    for number in 0..TEXTS {
        let person = Uuid::from_u128(u128::from(number) % PERSONS);
        black_box(vault.seal(person, COMMAND, "street", TEXT).await?);
    }
    print("seals", TEXTS as usize, began.elapsed());
    Ok(())
}

async fn cached_opens(vault: &Vault, sealed: &[(Uuid, Sealed)]) -> Outcome {
    let began = Instant::now();
    for (person, sealed) in sealed.iter().cycle().take(TEXTS as usize) {
        black_box(vault.open(*person, "street", sealed).await?);
    }
    print("opens", TEXTS as usize, began.elapsed());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the measurement's output")]
fn print(what: &str, count: usize, took: Duration) {
    let rate = count as u128 * 1_000_000 / took.as_micros().max(1);
    println!("{rate:>9} a second: {what} ({count} in {} ms)", took.as_millis());
}
