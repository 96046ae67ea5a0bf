//! What arms a point, and what does not.

use super::*;
use std::collections::BTreeSet;

#[test]
fn every_point_is_armed_by_its_own_name() {
    let names: BTreeSet<&str> = CrashPoint::ALL.iter().map(|point| point.name()).collect();
    assert_eq!(names.len(), CrashPoint::ALL.len(), "two points of one name");
    for point in CrashPoint::ALL.iter().copied() {
        for fate in [Fate::Killed, Fate::Frozen] {
            let crash = Crash { point, passing: 17, fate };
            assert_eq!(crash.to_string().parse(), Ok(crash));
        }
    }
}

#[test]
fn what_names_no_point_or_no_passing_is_refused() {
    for text in [
        "",
        "before-produce",
        "before-produce:",
        "before-produce:0",
        "before-produce:-1",
        "nowhere:1",
        ":1",
        ":frozen",
        "before-produce:frozen",
    ] {
        assert_eq!(text.parse::<Crash>(), Err(NoCrash), "{text}");
    }
}

#[test]
fn a_point_that_is_not_armed_is_passed() {
    CrashPoint::ALL.iter().copied().for_each(crash_point);
}
