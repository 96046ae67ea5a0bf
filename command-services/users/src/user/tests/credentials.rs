//! Passwords and tokens: each change ends what rests on the one before, and no token is good twice.

use super::*;

fn changed_by(proof: PasswordProof, epoch: u64) -> PasswordChanged {
    PasswordChanged { password: hashed("new"), proof, epoch }
}

fn reset_requested(number: u8, until: i64) -> PasswordResetRequested {
    PasswordResetRequested { request_id: REQUEST, token: token(number), expires_at: at(until) }
}

fn verification_requested(number: u8, until: i64) -> EmailVerificationRequested {
    EmailVerificationRequested { request_id: REQUEST, token: token(number), expires_at: at(until) }
}

fn reset(number: u8) -> ResetPassword {
    ResetPassword { token: token(number), password: hashed("new") }
}

#[test]
fn another_password_raises_the_epoch() {
    let change = ChangePassword { password: hashed("new"), epoch: 1 };
    an_active_user().when(change).then(changed_by(PasswordProof::Password, 2));
    let account = an_active_user().and(changed_by(PasswordProof::Password, 2)).account();
    assert_eq!((account.password, account.epoch), (hashed("new"), 2));
}

/// The password that was verified may not be his any more.
#[test]
fn a_password_that_was_verified_in_an_earlier_epoch_changes_nothing() {
    let story = || an_active_user().and(changed_by(PasswordProof::ResetToken, 2));
    let change = ChangePassword { password: hashed("third"), epoch: 1 };
    story().when(change).then_refused(UserRejection::CredentialsChanged);
    story().when(RehashPassword { password: hashed("third"), epoch: 1 }).then_nothing();
}

#[test]
fn a_better_hash_of_the_same_password_ends_no_session() {
    let rehash = || RehashPassword { password: hashed("better"), epoch: 1 };
    let rehashed = PasswordRehashed { password: hashed("better") };
    an_active_user().when(rehash()).then(rehashed.clone());
    let story = an_active_user().and(rehashed);
    assert_eq!((story.account().password, story.account().epoch), (hashed("better"), 1));
    story.when(rehash()).then_nothing();
}

#[test]
fn who_forgot_his_password_gets_a_token_for_an_hour() {
    an_active_user()
        .when(RequestPasswordReset { request_id: REQUEST, token: token(1) })
        .then(reset_requested(1, 3_700));
}

#[test]
fn a_token_sets_a_password_once() {
    let story = || an_active_user().and(reset_requested(1, 3_600));
    story().when(reset(1)).then(changed_by(PasswordProof::ResetToken, 2));
    let used = story().and(changed_by(PasswordProof::ResetToken, 2));
    used.when(reset(1)).then_refused(UserRejection::TokenInvalid);
}

#[test]
fn a_token_that_was_never_sent_replaced_or_not_used_in_time_is_good_for_nothing() {
    an_active_user().when(reset(1)).then_refused(UserRejection::TokenInvalid);
    let story = || an_active_user().and(reset_requested(1, 3_600));
    story().when(reset(2)).then_refused(UserRejection::TokenInvalid);
    story().and(reset_requested(2, 3_700)).when(reset(1)).then_refused(UserRejection::TokenInvalid);
    let purpose = TokenPurpose::PasswordReset;
    story().when(passed(3_600)).then(TokenExpired { purpose });
    story().and(TokenExpired { purpose }).when(reset(1)).then_refused(UserRejection::TokenInvalid);
}

/// The owner was down, or is slow: its deadlines have not fired yet. Decided at second 100.
#[test]
fn a_token_whose_time_is_up_is_refused_before_its_deadline_fires() {
    let resetting = |until| an_active_user().and(reset_requested(1, until));
    resetting(100).when(reset(1)).then_refused(UserRejection::TokenInvalid);
    resetting(101).when(reset(1)).then(changed_by(PasswordProof::ResetToken, 2));
    let confirm = || ConfirmEmailVerification { token: token(1) };
    let verifying = |until| an_active_user().and(verification_requested(1, until));
    verifying(100).when(confirm()).then_refused(UserRejection::TokenInvalid);
    verifying(101).when(confirm()).then(EmailVerified {});
}

#[test]
fn a_password_that_was_changed_meanwhile_spends_the_token() {
    let story = an_active_user().and(reset_requested(1, 3_600)).and(changed_by(PasswordProof::Password, 2));
    assert_eq!(User::deadline(&story.0), None);
    story.when(reset(1)).then_refused(UserRejection::TokenInvalid);
}

#[test]
fn an_address_is_verified_by_the_token_that_was_sent_there() {
    let story = || an_active_user().and(verification_requested(1, 86_400));
    let confirm = |number| ConfirmEmailVerification { token: token(number) };
    an_active_user()
        .when(RequestEmailVerification { request_id: REQUEST, token: token(1) })
        .then(verification_requested(1, 86_500));
    story().when(confirm(2)).then_refused(UserRejection::TokenInvalid);
    story().when(confirm(1)).then(EmailVerified {});
    let verified = || story().and(EmailVerified {});
    assert!(verified().account().email_verified);
    verified().when(confirm(1)).then_refused(UserRejection::TokenInvalid);
    verified().when(RequestEmailVerification { request_id: REQUEST, token: token(2) }).then_nothing();
}

#[test]
fn a_token_for_one_thing_is_no_good_for_the_other() {
    let story = || an_active_user().and(reset_requested(1, 3_600)).and(verification_requested(2, 86_400));
    story().when(reset(2)).then_refused(UserRejection::TokenInvalid);
    story().when(ConfirmEmailVerification { token: token(1) }).then_refused(UserRejection::TokenInvalid);
}

#[test]
fn each_token_ends_at_its_own_time() {
    let story = || an_active_user().and(reset_requested(1, 3_600)).and(verification_requested(2, 86_400));
    assert_eq!(User::deadline(&story().0), Some(at(3_600)));
    let after = || story().and(TokenExpired { purpose: TokenPurpose::PasswordReset });
    assert_eq!(User::deadline(&after().0), Some(at(86_400)));
    after().when(passed(86_400)).then(TokenExpired { purpose: TokenPurpose::EmailVerification });
    story().when(passed(86_400)).then_nothing();
}

/// Both fire, one after the other.
#[test]
fn two_deadlines_at_one_time_both_end() {
    let story = || an_active_user().and(reset_requested(1, 20)).and(change_started());
    assert_eq!(User::deadline(&story().0), Some(at(20)));
    let overdue = StepOverdue { step: ClaimStep::Reserve, attempt: 1, releases: vec![], answer_by: at(120) };
    story().when(passed(20)).then(overdue.clone());
    story().and(overdue).when(passed(20)).then(TokenExpired { purpose: TokenPurpose::PasswordReset });
}

#[test]
fn neither_password_nor_token_shows_in_debug_output() {
    let story = an_active_user().and(reset_requested(1, 20));
    let shown = format!("{:?}", story.0);
    assert!(!shown.contains("hash of") && !shown.contains("sealed") && !shown.contains("0101"), "{shown}");
}

#[test]
fn a_token_that_was_sent_before_the_account_was_locked_is_good_for_nothing_afterwards() {
    let story = an_active_user().and(reset_requested(1, 3_700)).and(suspended()).and(Reinstated {});
    story
        .when(ResetPassword { token: token(1), password: hashed("thief's") })
        .then_refused(UserRejection::TokenInvalid);
}
