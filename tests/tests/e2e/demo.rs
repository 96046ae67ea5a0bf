//! `tillroll demo`: what a visitor is shown holds, and says so.

use e2e::{Outcome, installed};

#[test]
fn a_demo_of_failover_loses_and_doubles_nothing_and_shows_what_came_late() -> Outcome {
    installed(|up| async move {
        let played = up.run(&[], &["demo", "failover", "--seconds", "1", "--freezes", "2", "--clients", "16"]).await?;
        eprintln!("{}", played.out);
        assert_eq!(played.code, Some(0), "{played:?}");
        let last = played.out.lines().last().unwrap_or_default();
        assert!(last.ends_with(", lost 0, doubled 0, falsely refused 0"), "{last}");
        let thawed = played.out.lines().filter(|line| line.contains("SIGCONT: ")).count();
        assert_eq!(thawed, 2, "each freeze is played to its end");
        let counted = played.out.lines().find_map(|line| line.strip_prefix(VOIDS));
        let voids: usize = counted.ok_or("no word of void records")?.parse()?;
        assert!(voids > 0, "nothing came late: an owner that wrote nothing when it was frozen proves nothing");
        assert_eq!(played.out.matches(": void, ").count(), voids.min(SHOWN), "each is shown with the reason");
        Ok(())
    })
}

const VOIDS: &str = "void records in the topic, which no reader of the log counts: ";
/// The rest is counted only.
const SHOWN: usize = 20;
