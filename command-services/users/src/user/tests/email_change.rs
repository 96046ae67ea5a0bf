//! From one address to another, or back to the first.

use super::*;

fn change_to(text: &str) -> ChangeEmail {
    ChangeEmail { epoch: 1, email: sealed(text), claim: key(text) }
}

fn changing() -> Given {
    an_active_user().and(change_started())
}

fn failed(failure: ClaimFailure, answers: Vec<ClaimAnswer>, releases: Vec<HeldClaim>) -> EmailChangeFailed {
    EmailChangeFailed { failure, answers, releases, answer_by: at(110) }
}

#[test]
fn another_address_is_asked_for_under_a_hold_of_its_own() {
    let (email, claim) = (sealed("other"), other());
    let started = EmailChangeStarted { email, claim, claims_expire_at: at(1_000), answer_by: at(110) };
    an_active_user().when(change_to("other")).then(started);
    let back = changing().and(change_reserved()).and(changed()).and(ClaimsReleased { answers: vec![] });
    let (email, claim) = (sealed("email"), held("email", 3));
    let started = EmailChangeStarted { email, claim, claims_expire_at: at(1_000), answer_by: at(110) };
    back.when(change_to("email")).then(started);
}

#[test]
fn the_address_that_he_has_in_any_spelling_changes_nothing() {
    an_active_user().when(ChangeEmail { epoch: 1, email: sealed("EMAIL"), claim: key("email") }).then_nothing();
}

#[test]
fn until_the_other_address_is_his_he_keeps_the_one_that_he_has() {
    for story in [changing(), changing().and(change_reserved())] {
        assert_eq!((story.account().email, story.account().email_claim.clone()), (sealed("email"), email()));
        assert!(!User::settled(&story.0) && story.account().is_changing_email());
    }
}

#[test]
fn when_the_other_address_is_his_the_first_is_released() {
    let reserved = ClaimsReserved { answers: vec![is_reserved(other())], claims: vec![other()], answer_by: at(110) };
    changing().when(answers([is_reserved(other())])).then(reserved);
    let (answers_, releases) = (vec![is_confirmed(other())], vec![email()]);
    let expected =
        EmailChanged { email: sealed("other"), claim: other(), answers: answers_, releases, answer_by: at(110) };
    changing().and(change_reserved()).when(answers([is_confirmed(other())])).then(expected);
    let story = changing().and(change_reserved()).and(changed());
    assert_eq!((story.account().email, story.account().email_claim), (sealed("other"), other()));
    let released = ClaimsReleased { answers: vec![is_released(email())] };
    story.when(answers([is_released(email())])).then(released);
}

#[test]
fn an_address_that_somebody_has_is_not_to_be_had() {
    let refused = failed(ClaimFailure::EmailTaken, vec![taken(other())], vec![]);
    changing().when(answers([taken(other())])).then(refused.clone());
    let story = changing().and(refused);
    let account = story.account();
    assert_eq!(
        (account.email, account.change, account.change_failed),
        (sealed("email"), Change::None, Some(ClaimFailure::EmailTaken))
    );
    assert!(User::settled(&story.0));
    assert_eq!(story.and(change_started()).account().change_failed, None);
}

#[test]
fn an_address_that_never_answers_is_released() {
    let late = StepOverdue { step: ClaimStep::Confirm, attempt: 4, releases: vec![], answer_by: at(400) };
    let story = changing().and(change_reserved()).and(late);
    story.when(passed(400)).then(EmailChangeFailed {
        answer_by: at(110),
        ..failed(ClaimFailure::IdentityUnanswered, vec![], vec![other()])
    });
}

#[test]
fn one_change_is_over_before_the_next_begins() {
    let refused = UserRejection::EmailChangeInProgress;
    changing().when(change_to("other")).then_nothing();
    changing().when(change_to("third")).then_refused(refused);
    changing().when(change_to("email")).then_refused(refused);
    let releasing = || changing().and(change_reserved()).and(changed());
    releasing().when(change_to("third")).then_refused(refused);
    releasing().when(change_to("email")).then_refused(refused);
    releasing().when(change_to("other")).then_nothing();
}

#[test]
fn another_address_is_not_verified_and_what_was_sent_to_the_first_is_good_for_nothing() {
    let story = an_active_user()
        .and(EmailVerified {})
        .and(PasswordResetRequested { request_id: REQUEST, token: token(1), expires_at: at(3_600) })
        .and(change_started())
        .and(change_reserved())
        .and(changed());
    let account = story.account();
    assert_eq!((account.email_verified, account.reset, account.verification), (false, None, None));
}

#[test]
fn what_was_begun_before_the_account_was_locked_or_its_password_changed_is_given_up() {
    let another = PasswordChanged { password: hashed("new"), proof: PasswordProof::ResetToken, epoch: 2 };
    for raised in [suspended(), another.into()] {
        let given_up = |answers| EmailChangeFailed {
            failure: ClaimFailure::CredentialsChanged,
            answers,
            releases: vec![other()],
            answer_by: at(110),
        };
        let reserved = vec![is_reserved(other())];
        let story = changing().and(raised.clone());
        story.when(answers([is_reserved(other())])).then(given_up(reserved));
        let story = changing().and(change_reserved()).and(raised);
        story.when(answers([is_confirmed(other())])).then(given_up(vec![is_confirmed(other())]));
    }
}

#[test]
fn nobody_changes_the_address_of_an_account_whose_password_was_changed_meanwhile() {
    let another = PasswordChanged { password: hashed("new"), proof: PasswordProof::Password, epoch: 2 };
    an_active_user().and(another).when(change_to("other")).then_refused(UserRejection::CredentialsChanged);
}
