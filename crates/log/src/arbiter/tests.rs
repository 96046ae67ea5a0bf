//! What each reader must make of claims and entries in any order: the same, and at most one writer at a time.

use super::*;
use uuid::Uuid;

fn id(n: u128) -> ClaimId {
    ClaimId(Uuid::from_u128(n))
}

fn claim(n: u128, previous: Option<u128>) -> Stamp {
    Stamp::Claim { claim: id(n), previous: previous.map(id) }
}

fn entry(n: u128, ordinal: u64) -> Stamp {
    Stamp::Entry { claim: id(n), ordinal: Ordinal(ordinal) }
}

fn judge(stamps: impl IntoIterator<Item = Stamp>) -> Vec<Verdict> {
    let mut arbiter = Arbiter::default();
    stamps.into_iter().map(|stamp| arbiter.judge(stamp)).collect()
}

#[test]
fn of_two_claims_that_replace_the_same_one_the_first_wins() {
    let verdicts = judge([claim(1, None), claim(2, Some(1)), claim(3, Some(1)), entry(3, 0), entry(2, 0)]);
    use Verdict::{Admitted, Claimed};
    let lost = Verdict::Void(Void::LostClaim);
    assert_eq!(verdicts, [Claimed, Claimed, lost, Verdict::Void(Void::OldClaim), Admitted]);
}

#[test]
fn a_claim_that_comes_twice_is_void_the_second_time() {
    assert_eq!(judge([claim(1, None), claim(1, None)])[1], Verdict::Void(Void::LostClaim));
    assert_eq!(judge([claim(1, None), claim(1, Some(1))])[1], Verdict::Void(Void::LostClaim));
}

#[test]
fn a_doubled_record_is_void_and_so_is_one_behind_a_gap() {
    let verdicts = judge([claim(1, None), entry(1, 0), entry(1, 0), entry(1, 2), entry(1, 1)]);
    assert_eq!(verdicts[2], Verdict::Void(Void::Duplicate));
    assert_eq!(verdicts[3], Verdict::Void(Void::Gap));
    assert_eq!(verdicts[4], Verdict::Admitted);
}

#[test]
fn nothing_is_admitted_before_the_first_claim() {
    assert_eq!(judge([entry(1, 0)]), [Verdict::Void(Void::OldClaim)]);
}

#[test]
fn a_new_claim_counts_from_zero() {
    let verdicts = judge([claim(1, None), entry(1, 0), claim(2, Some(1)), entry(1, 1), entry(2, 0)]);
    assert_eq!(verdicts[3], Verdict::Void(Void::OldClaim));
    assert_eq!(verdicts[4], Verdict::Admitted);
}
