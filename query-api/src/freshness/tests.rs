//! What is told to one who waits for a token, by what the last look at the checkpoints found.

use super::checkpoints::tests::{LOG, known};
use super::*;
use tillroll_http::{Offset, PartitionId};
use tillroll_projectors::Projection;
use uuid::Uuid;

const OTHER_LOG: Uuid = Uuid::from_u128(2);

/// What one is told who waits a moment for a token of another log, and the checkpoints are looked at meanwhile.
async fn told(look: impl FnOnce(&Checkpoints, Instant) -> Checkpoints) -> &'static str {
    let before = known(&[(("orders", ORDER.events), 0, 5)]);
    let shared = Shared {
        known: watch::Sender::new(Arc::new(before.clone())),
        waiting: AtomicUsize::new(0),
        hurry: Notify::new(),
    };
    let freshness = Freshness(Arc::new(shared));
    let token = ConsistencyToken::of(OTHER_LOG, ORDER.events, PartitionId(0), Offset(1));
    assert_ne!(OTHER_LOG, LOG);
    let reach = freshness.reach(Reads::Orders, &token, Duration::from_millis(50));
    let looking = async { freshness.0.known.send_replace(Arc::new(look(&before, Instant::now()))) };
    tokio::join!(reach, looking).0.unwrap_err().code()
}

#[tokio::test]
async fn another_log_is_what_was_read_after_the_token_came() {
    assert_eq!(told(|before, now| before.clone().read_at(now)).await, "token_of_another_log");
}

#[tokio::test]
async fn a_database_that_does_not_answer_says_nothing_of_the_log() {
    // It may come back with the log that the token is of.
    assert_eq!(told(Checkpoints::unreachable).await, "unavailable");
}

/// A receipt of an erasure counts on it: whoever is not named here would pass for one who has read everything.
#[test]
fn every_projection_is_known_by_the_topics_that_it_reads() {
    fn of<P: Projection>() -> Vec<(&'static str, &'static str)> {
        P::TOPICS.iter().map(|topic| (P::NAME, *topic)).collect()
    }
    use tillroll_projectors::projections::*;
    let people = [of::<Users>(), of::<Sessions>(), of::<ApiKeys>(), of::<Notifications>(), of::<Preferences>()];
    let goods = [of::<Products>(), of::<Stock>(), of::<Carts>(), of::<Orders>(), of::<Sales>()];
    let money = [of::<Payments>(), of::<Invoices>()];
    let there: BTreeSet<_> = [people.concat(), goods.concat(), money.concat()].concat().into_iter().collect();
    let known: BTreeSet<_> = Reads::ALL.into_iter().flat_map(Reads::sources).copied().collect();
    assert_eq!(known, there);
    assert_eq!(Reads::projections_of(USER.events), ["users"], "once, though sessions are read with users");
    assert_eq!(Reads::projections_of(ORDER.events), ["orders", "sales"]);
}
