//! What is decided about a store before anything is read: whether it may be begun with at all.

use super::*;
use crate::fold::Distrust;
use crate::jar::Jar;
use crate::owner::tests::keeping::history;
use crate::runtime::StateConfig;
use crate::runtime::store::Store;

fn keeping(kept: Option<Arc<Kept>>) -> Keeping {
    let (rereading, storing) = (None, None);
    Keeping { kept, served: None, cache: 2, rereading, storing, part: 0, wipes: 0, ticks: 0, begins_anew: false }
}

/// A store that has read a whole log, and where it would read on.
fn filled(directory: &tempfile::TempDir) -> (Keeping, Offset) {
    let config = StateConfig { directory: directory.path().join("state"), cache: 2 };
    let kept = Store::open(&config).unwrap().partition::<Jar>(PartitionId(0)).unwrap().unwrap();
    let mut keeping = keeping(Some(Arc::new(kept)));
    let mut fold = keeping.fold_from_the_beginning::<Jar>();
    history(4).iter().for_each(|record| _ = fold.fold(record).unwrap());
    let next = fold.position.next;
    keeping.kept.as_mut().unwrap().write(&fold.changes().unwrap()).unwrap();
    (keeping, next)
}

#[test]
fn rule_8_a_store_beyond_the_end_of_the_topic_is_not_begun_with() {
    let directory = tempfile::tempdir().unwrap();
    let (keeping, next) = filled(&directory);
    assert!(keeping.restore::<Jar>(next).unwrap().is_restored());
    for end in [0, next.0 - 1] {
        let refused = keeping.restore::<Jar>(Offset(end)).unwrap_err();
        assert!(matches!(refused, Distrust::BeyondEnd { .. }), "{refused}");
        let said = refused.to_string();
        assert!(said.contains(&format!("ends at {end}")) && said.contains("truncated or made again"), "{said}");
    }
}

#[test]
fn rule_8_a_store_that_is_wiped_again_and_again_is_done_without() {
    let directory = tempfile::tempdir().unwrap();
    let (mut keeping, next) = filled(&directory);
    let why = Distrust::BeyondEnd { next, end: Offset(0) };
    for _ in 0..MOST_WIPES {
        keeping.wipe("jar.events.v1/0", &why);
        let kept = keeping.kept.as_ref().expect("it may have been the log's fault");
        assert!(kept.load().unwrap().is_none());
    }
    keeping.wipe("jar.events.v1/0", &why);
    assert!(keeping.kept.is_none());
    assert!(!keeping.restore::<Jar>(next).unwrap().is_restored(), "the owner keeps all in memory");
}
