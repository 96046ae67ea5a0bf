//! A password that was hashed at another cost than today's is hashed anew, once, when its owner comes.

use super::{log_in, register};
use e2e::{Http, Outcome, System};
use futures_util::future::try_join_all;

const EMAIL: &str = "gil@example.org";

pub(super) async fn a_hash_of_another_cost_is_made_anew_once(system: &System, nobody: &Http) -> Outcome {
    register(nobody, EMAIL, "gil").send().await?.expect_status(201)?;
    let begun = system.topics()?.ends().await?;
    let rehashed = || async {
        let topics = system.topics()?;
        let said = topics.said(&begun, &topics.ends().await?).await?;
        let event = ("user.events.v1".to_owned(), "user.password-rehashed.v1".to_owned());
        Outcome::Ok(said.get(&event).copied().unwrap_or_default())
    };
    log_in(nobody, EMAIL).await?;
    assert_eq!(rehashed().await?, 0, "its cost is today's");
    {
        let mut tillroll = system.tillroll().await;
        tillroll.stop().await?;
        tillroll.set("TILLROLL_ARGON2", Some("20480,3".to_owned()));
        tillroll.start_again().await?;
    }
    try_join_all((0..4).map(|_| log_in(nobody, EMAIL))).await?;
    log_in(nobody, EMAIL).await?;
    assert_eq!(rehashed().await?, 1, "five log-ins at another cost");
    Ok(())
}
