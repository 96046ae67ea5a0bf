//! What a claim is told whose time is up: it lapses only if nobody wants it.

use super::*;

/// Asked at second 100, when it would ask again at 1,000.
fn asks(of: HeldClaim) -> AskClaimExpiry {
    AskClaimExpiry { of, expires_at: at(1_000) }
}

fn told(of: HeldClaim, verdict: ExpiryVerdict) -> ClaimExpiryAnswered {
    ClaimExpiryAnswered { of, verdict }
}

const LONGER: i64 = 1_000 + 15 * 60;

#[test]
fn a_claim_that_is_being_reserved_is_told_to_wait() {
    let wait = ExpiryVerdict::Extend { expires_at: at(LONGER) };
    given([started()]).when(asks(email())).then(told(email(), wait));
    an_active_user().and(change_started()).when(asks(other())).then(told(other(), wait));
}

/// Its confirmation may have been lost.
#[test]
fn a_claim_that_is_being_confirmed_is_told_that_it_is_his() {
    given([started(), reserved()]).when(asks(name())).then(told(name(), ExpiryVerdict::Confirm));
    let changing = an_active_user().and(change_started()).and(change_reserved());
    changing.when(asks(other())).then(told(other(), ExpiryVerdict::Confirm));
}

#[test]
fn the_claims_of_an_account_are_his_locked_or_not() {
    for story in [an_active_user(), an_active_user().and(suspended())] {
        story.when(asks(email())).then(told(email(), ExpiryVerdict::Confirm));
    }
    an_active_user().when(asks(name())).then(told(name(), ExpiryVerdict::Confirm));
}

#[test]
fn a_claim_that_nobody_wants_is_told_to_lapse() {
    let failed = RegistrationFailed {
        failure: ClaimFailure::EmailTaken,
        answers: vec![],
        releases: vec![name()],
        answer_by: at(110),
    };
    for story in [given([]), given([started(), failed.into()]), an_active_user().and(erased())] {
        story.when(asks(name())).then(told(name(), ExpiryVerdict::Release));
    }
    let releasing = an_active_user().and(change_started()).and(change_reserved()).and(changed());
    releasing.when(asks(email())).then(told(email(), ExpiryVerdict::Release));
}

/// A reservation that was made long after its attempt was given up is not the one that he has.
#[test]
fn a_claim_of_another_attempt_is_told_to_lapse() {
    an_active_user().when(asks(held("email", 7))).then(told(held("email", 7), ExpiryVerdict::Release));
}

#[test]
fn being_asked_changes_nothing_about_the_user() {
    let before = an_active_user();
    let after = an_active_user().and(told(email(), ExpiryVerdict::Confirm));
    assert_eq!((before.0.life, before.0.version + 1), (after.0.life, after.0.version));
}
