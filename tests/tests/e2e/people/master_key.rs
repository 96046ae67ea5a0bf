//! The vault's master key, replaced by the operator's own commands while people come and go.

use super::{account, log_in, of};
use e2e::{Http, Outcome, System, own};
use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const CURRENT: &str = "TILLROLL_VAULT_KEY_FILE";
const OTHERS: &str = "TILLROLL_VAULT_OTHER_KEY_FILES";

/// Addresses by the ids of those who have them.
type People = BTreeMap<String, String>;
type Settings = [(&'static str, String)];

/// As docs/runbooks/replacing-keys.md has it, but that one process needs no step in which it only learns of the new key.
#[test]
fn the_master_key_is_replaced_while_people_come_and_go() -> Outcome {
    own(|system| async move {
        let nobody = system.http().with_token(None);
        let mut people = People::new();
        for name in ["ann", "bob"] {
            people.insert(account(&nobody, name).await?.0, email_of(name));
        }
        let [old, new] = ["vault-master.key", "new.key"].map(|name| system.home().join("keys").join(name));
        make_key(&new)?;
        let both = [(CURRENT, text(&new)), (OTHERS, text(&old))];
        let alone = [(CURRENT, text(&new))];
        let (code, said) = vault(&system, &alone, "check").await?;
        assert!(code == Some(1) && said.contains("master key"), "the new one alone opens nothing yet: {said}");

        restart(&system, &both).await?;
        all_are_readable(&system, &people).await?;
        let over = Arc::new(AtomicBool::new(false));
        let coming = tokio::runtime::Handle::current().spawn(people_come(nobody.clone(), over.clone()));
        people.insert(account(&nobody, "cid").await?.0, email_of("cid"));
        assert_eq!(masters(&system, &both).await?, 2, "those who came before are under the old one");
        let (code, said) = vault(&system, &both, "rotate").await?;
        assert!(code == Some(0) && said.contains("2 keys wrapped anew"), "{said}");
        people.insert(account(&nobody, "dan").await?.0, email_of("dan"));
        over.store(true, Ordering::Relaxed);
        people.extend(coming.await??);
        eprintln!("{} people came before, while and after", people.len());
        assert_eq!(masters(&system, &both).await?, 1);
        let (code, said) = vault(&system, &both, "rotate").await?;
        assert!(code == Some(0) && said.contains("nothing to do"), "{said}");

        std::fs::remove_file(&old)?;
        restart(&system, &alone).await?;
        let (code, said) = vault(&system, &alone, "check").await?;
        assert!(code == Some(0), "{said}");
        all_are_readable(&system, &people).await?;
        for email in people.values() {
            log_in(&nobody, email).await?;
        }
        Ok(())
    })
}

fn email_of(name: &str) -> String {
    format!("{name}@example.org")
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// In the form of `openssl rand -hex 32`.
fn make_key(path: &Path) -> Outcome {
    let key = format!("{}\n", "5e".repeat(32));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(std::io::Write::write_all(&mut file, key.as_bytes())?)
}

/// What the command ended with, and all that it said.
async fn vault(system: &System, settings: &Settings, command: &str) -> Outcome<(Option<i32>, String)> {
    let ended = system.run_with(settings, &["vault", command]).await?;
    Ok((ended.code, ended.out + &ended.err))
}

/// How many master keys are in use.
async fn masters(system: &System, settings: &Settings) -> Outcome<usize> {
    let (code, said) = vault(system, settings, "check").await?;
    assert_eq!(code, Some(0), "{said}");
    Ok(said.lines().filter(|line| line.starts_with("master key")).count())
}

async fn restart(system: &System, settings: &Settings) -> Outcome {
    let mut tillroll = system.tillroll().await;
    tillroll.stop().await?;
    for name in [CURRENT, OTHERS] {
        let value = settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        tillroll.set(name, value);
    }
    tillroll.start_again().await
}

async fn people_come(nobody: Http, over: Arc<AtomicBool>) -> Outcome<People> {
    let mut people = People::new();
    while !over.load(Ordering::Relaxed) {
        let name = format!("guest-{}", people.len());
        people.insert(account(&nobody, &name).await?.0, email_of(&name));
    }
    Ok(people)
}

async fn all_are_readable(system: &System, people: &People) -> Outcome {
    system.caught_up().await?;
    for (id, email) in people {
        let seen = system.http().get(format!("/users/{id}")).send().await?.expect_status(200)?.json();
        assert_eq!(of(&seen, "email"), email);
    }
    Ok(())
}
