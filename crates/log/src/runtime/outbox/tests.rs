//! What is committed, and the floor that commands carry: never more than what is done with for certain.

use super::*;

fn position(next: i64) -> StoredPosition {
    StoredPosition { next: Offset(next), ..StoredPosition::default() }
}

#[test]
fn a_position_is_committed_only_after_every_command_from_below_is_acknowledged() {
    let mut outbox = Outbox::starting_at(position(0));
    outbox.read(Offset(0), 2, position(1));
    outbox.read(Offset(1), 0, position(2));
    outbox.read(Offset(2), 1, position(3));
    assert_eq!(outbox.to_commit(), None);
    outbox.acknowledged(Offset(2));
    outbox.acknowledged(Offset(0));
    assert_eq!(outbox.to_commit(), None);
    outbox.acknowledged(Offset(0));
    assert_eq!(outbox.to_commit().map(|done| done.next), Some(Offset(3)));
}

#[test]
fn what_an_effect_yields_has_to_be_acknowledged_too() {
    let mut outbox = Outbox::starting_at(position(0));
    outbox.read(Offset(0), 1, position(1));
    outbox.causes(Offset(0), 2);
    outbox.acknowledged(Offset(0));
    outbox.acknowledged(Offset(0));
    assert_eq!(outbox.to_commit(), None, "one of the three is not");
    outbox.acknowledged(Offset(0));
    assert_eq!(outbox.to_commit().map(|done| done.next), Some(Offset(1)));
    // It is done with: nothing can be added to it.
    outbox.causes(Offset(0), 1);
    assert_eq!(outbox.to_commit().map(|done| done.next), Some(Offset(1)));
}

#[test]
fn the_floor_is_what_is_committed_not_what_is_done() {
    let mut outbox = Outbox::starting_at(position(5));
    assert!(!outbox.is_new(Offset(4)));
    outbox.read(Offset(5), 0, position(6));
    assert_eq!(outbox.floor(), Offset(5));
    outbox.committed(Offset(6));
    assert_eq!(outbox.floor(), Offset(6));
    assert_eq!(outbox.to_commit(), None);
}

#[test]
fn rule_8_a_record_that_is_read_again_is_not_reacted_to_again() {
    let at = |next| StoredPosition { next: Offset(next), ..StoredPosition::default() };
    let mut outbox = Outbox::starting_at(at(3));
    outbox.read(Offset(3), 1, at(4));
    assert!(!outbox.is_new(Offset(2)) && !outbox.is_new(Offset(3)), "the partition is folded anew");
    outbox.read(Offset(3), 1, at(4));
    outbox.acknowledged(Offset(3));
    assert_eq!(outbox.to_commit().map(|position| position.next), Some(Offset(4)));
}
