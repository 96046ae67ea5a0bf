//! Where words stand in a system that stands still, Kafka and PostgreSQL apart: in its files as they are, and, since these
//! may be compressed, in all that their readers get of them: records, entries of local stores, rows.

use e2e::{Outcome, System, texts};
use fjall::{Database, KeyspaceCreateOptions};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Words, each with a place where it stands.
type Found = BTreeSet<(String, String)>;

/// None of these words is anywhere. What is there in the clear is found, `(what, part of the name of a place)`: where a
/// search finds nothing at all it shows nothing. Such a word has no part that stands before it in the same place:
/// compression would leave that out.
pub async fn nowhere(system: &System, canaries: &[&str], in_the_clear: &[(&str, &str)]) -> Outcome {
    let words: Vec<&str> = canaries.iter().chain(in_the_clear.iter().map(|(word, _)| word)).copied().collect();
    let mut found = in_files(&system.directories(), &words)?;
    found.extend(in_records(system, &words).await?);
    found.extend(in_stores(&system.home().join("state"), &words)?);
    for (name, url) in [("database", system.database_url()), ("vault", system.vault_url())] {
        found.extend(in_rows(name, url, &words).await?);
    }
    for (control, place) in in_the_clear {
        let mut places = found.iter().filter(|(word, _)| word == control).map(|(_, place)| place);
        assert!(places.any(|one| one.contains(place)), "{control} is not found in {place}: {found:#?}");
    }
    let plaintext: Vec<_> = found.iter().filter(|(word, _)| canaries.contains(&word.as_str())).collect();
    assert!(plaintext.is_empty(), "the plaintext stands in {plaintext:#?}");
    Ok(())
}

/// Topics, tables, write-ahead log, local state and logs are all files, and the mailbox.
pub(super) fn in_files(directories: &[PathBuf], words: &[&str]) -> Outcome<Found> {
    let mut grep = Command::new("grep");
    grep.env("LC_ALL", "C").args(["--recursive", "--text", "--fixed-strings", "--only-matching", "--with-filename"]);
    grep.args(words.iter().flat_map(|word| ["-e", word])).args(directories);
    let said = String::from_utf8(grep.output()?.stdout)?;
    let lines = said.lines().filter_map(|line| line.rsplit_once(':'));
    Ok(lines.map(|(file, word)| (word.to_owned(), format!("file {file}"))).collect())
}

async fn in_records(system: &System, words: &[&str]) -> Outcome<Found> {
    let mut found = Found::new();
    for record in system.roll().await?.records {
        let headers = record.headers.iter().map(|(_, value)| value);
        for bytes in headers.chain(&record.key).chain(&record.value) {
            add(&mut found, words, bytes, || format!("record {}", record.place()));
        }
    }
    Ok(found)
}

/// What owners keep locally, whoever they are.
fn in_stores(state: &Path, words: &[&str]) -> Outcome<Found> {
    let mut found = Found::new();
    for store in std::fs::read_dir(state)? {
        let database = Database::builder(store?.path()).open()?;
        for name in database.list_keyspace_names() {
            for entry in database.keyspace(&name, KeyspaceCreateOptions::default)?.iter() {
                let (key, value) = entry.into_inner()?;
                for bytes in [&key, &value] {
                    add(&mut found, words, bytes, || format!("store {name}"));
                }
            }
        }
    }
    Ok(found)
}

async fn in_rows(database: &str, url: &str, words: &[&str]) -> Outcome<Found> {
    let mut found = Found::new();
    let tables = "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    for table in texts(url, tables).await?.concat() {
        for row in texts(url, &format!("SELECT t::text FROM {table} AS t")).await?.concat() {
            add(&mut found, words, row.as_bytes(), || format!("{database} {table}"));
        }
    }
    Ok(found)
}

fn add(found: &mut Found, words: &[&str], bytes: &[u8], place: impl Fn() -> String) {
    let text = String::from_utf8_lossy(bytes);
    found.extend(words.iter().filter(|word| text.contains(**word)).map(|word| ((*word).to_owned(), place())));
}
