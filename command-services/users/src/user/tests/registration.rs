//! From the wish for an account to the account, or to nothing held.

use super::*;

fn failed(failure: ClaimFailure, answers: Vec<ClaimAnswer>, releases: Vec<HeldClaim>) -> UserEvent {
    RegistrationFailed { failure, answers, releases, answer_by: at(110) }.into()
}

fn overdue(step: ClaimStep, attempt: u32, answer_by: i64) -> UserEvent {
    StepOverdue { step, attempt, releases: vec![], answer_by: at(answer_by) }.into()
}

#[test]
fn who_registers_asks_for_his_address_and_his_username() {
    let UserEvent::RegistrationStarted(expected) = started() else { panic!() };
    given([]).when(register()).then(RegistrationStarted {
        claims_expire_at: at(1_000),
        answer_by: at(110),
        ..expected
    });
}

#[test]
fn registering_twice_is_registering_once() {
    for given in [given([started()]), an_active_user(), an_active_user().and(erased())] {
        given.when(register()).then_nothing();
    }
}

#[test]
fn one_answer_is_not_enough() {
    let heard = vec![is_reserved(name())];
    given([started()]).when(answers([is_reserved(name())])).then(ClaimsAnswered { answers: heard });
}

#[test]
fn when_both_are_reserved_both_are_confirmed() {
    let told = [is_reserved(email()), is_reserved(name())];
    let next = ClaimsReserved { answers: told.to_vec(), claims: vec![email(), name()], answer_by: at(110) };
    given([started()]).when(answers(told)).then(next.clone());
    let half = ClaimsAnswered { answers: vec![is_reserved(name())] };
    let next = ClaimsReserved { answers: vec![is_reserved(email())], ..next };
    given([started(), half.into()]).when(answers([is_reserved(email())])).then(next);
}

#[test]
fn when_both_are_confirmed_there_is_an_account() {
    let told = [is_confirmed(email()), is_confirmed(name())];
    given([started(), reserved()]).when(answers(told.clone())).then(Activated { answers: told.to_vec(), epoch: 1 });
    let account = an_active_user().account();
    assert_eq!((account.email, account.username), (sealed("email"), sealed("name")));
    assert_eq!((account.epoch, account.email_verified, account.roles), (1, false, roles([Role::Customer])));
}

#[test]
fn an_address_that_somebody_has_ends_it_and_what_may_be_held_is_released() {
    let story = || given([started()]);
    story().when(answers([taken(email())])).then(failed(ClaimFailure::EmailTaken, vec![taken(email())], vec![name()]));
}

#[test]
fn a_username_that_somebody_has_ends_it_and_what_may_be_held_is_released() {
    let half = ClaimsAnswered { answers: vec![is_reserved(email())] };
    let story = given([started(), half.into()]);
    story.when(answers([taken(name())])).then(failed(ClaimFailure::UsernameTaken, vec![taken(name())], vec![email()]));
}

#[test]
fn who_can_have_neither_holds_nothing() {
    let told = vec![taken(email()), taken(name())];
    let decided = given([started()]).when(RecordClaimAnswers { answers: told.clone() });
    decided.then(failed(ClaimFailure::EmailTaken, told.clone(), vec![]));
    let state = fold(&[started(), failed(ClaimFailure::EmailTaken, told, vec![])]);
    assert_eq!((User::deadline(&state), User::saga(&state)), (None, None));
}

/// The command lies in the dead letters, and may yet be carried out.
#[test]
fn a_claim_that_could_not_decide_is_released_as_well() {
    let undecided = answer(email(), ClaimOutcome::ReservationRefused { code: "dead_lettered".to_owned() });
    given([started()]).when(answers([undecided.clone()])).then(failed(
        ClaimFailure::IdentityUnanswered,
        vec![undecided],
        vec![email(), name()],
    ));
    let lost = answer(name(), ClaimOutcome::ConfirmationRefused { code: "identity_not_held".to_owned() });
    given([started(), reserved()]).when(answers([lost.clone()])).then(failed(
        ClaimFailure::IdentityUnanswered,
        vec![lost],
        vec![email(), name()],
    ));
}

#[test]
fn late_doubled_and_foreign_answers_say_nothing() {
    let story = || given([started(), reserved()]);
    story().when(answers([is_reserved(email())])).then_nothing();
    story().when(answers([is_confirmed(held("email", 2))])).then_nothing();
    story().when(answers([is_confirmed(held("other", 1))])).then_nothing();
    an_active_user().when(answers([is_confirmed(email())])).then_nothing();
    an_active_user().when(answers([taken(email())])).then_nothing();
    given([]).when(answers([is_reserved(email())])).then_nothing();
}

#[test]
fn an_answer_that_is_overdue_is_waited_for_longer() {
    given([started()]).when(passed(10)).then(overdue(ClaimStep::Reserve, 1, 120));
    given([started(), reserved()]).when(passed(11)).then(overdue(ClaimStep::Confirm, 1, 120));
}

#[test]
fn a_claim_that_never_answers_ends_it_and_both_are_released() {
    let last = overdue(ClaimStep::Reserve, 4, 300);
    given([started(), last]).when(passed(300)).then(failed(
        ClaimFailure::IdentityUnanswered,
        vec![],
        vec![email(), name()],
    ));
}

#[test]
fn what_is_to_be_released_is_asked_for_again_until_it_is() {
    let failed = || failed(ClaimFailure::EmailTaken, vec![taken(email())], vec![name()]);
    let again = |attempt, answer_by| StepOverdue {
        step: ClaimStep::Release,
        attempt,
        releases: vec![name()],
        answer_by: at(answer_by),
    };
    given([started(), failed()]).when(passed(110)).then(again(1, 130));
    let late = overdue(ClaimStep::Release, 99, 5_000);
    given([started(), failed(), late]).when(passed(5_000)).then(again(100, 7_560));
    let no = answer(name(), ClaimOutcome::ReleaseRefused { code: "dead_lettered".to_owned() });
    given([started(), failed()]).when(answers([no])).then_nothing();
    let told = vec![is_released(name())];
    given([started(), failed()]).when(answers([is_released(name())])).then(ClaimsReleased { answers: told });
}

#[test]
fn a_deadline_of_a_wait_that_ended_says_nothing() {
    given([started(), reserved()]).when(passed(10)).then_nothing();
    an_active_user().when(passed(11)).then_nothing();
    given([]).when(passed(10)).then_nothing();
}

#[test]
fn while_the_registration_is_not_over_nothing_else_can_be_asked() {
    for story in [given([started()]), given([started(), reserved()])] {
        story.when(EraseUser {}).then_refused(UserRejection::RegistrationInProgress);
    }
    let change = || ChangePassword { password: hashed("new"), epoch: 1 };
    given([started()]).when(change()).then_refused(UserRejection::RegistrationInProgress);
    given([]).when(change()).then_refused(UserRejection::NotFound);
    let failed = failed(ClaimFailure::EmailTaken, vec![], vec![name()]);
    given([started(), failed]).when(change()).then_refused(UserRejection::NotFound);
}

/// What was sealed for him is worth nothing without an account.
#[test]
fn of_who_could_not_register_nothing_is_known_but_why() {
    let story = given([started(), failed(ClaimFailure::UsernameTaken, vec![], vec![])]);
    assert_eq!(story.0.life, Life::Failed(ClaimFailure::UsernameTaken, None));
    let body = User::answer(&"u".into(), None, &story.0).unwrap();
    assert_eq!((body.status, body.account), (Status::Failed(ClaimFailure::UsernameTaken), None));
    assert!(User::settled(&story.0));
}

#[test]
fn a_client_waits_until_the_registration_is_decided_and_no_longer() {
    assert!(!User::settled(&fold(&[])));
    assert!(!User::settled(&fold(&[started()])));
    assert!(!User::settled(&fold(&[started(), reserved()])));
    assert!(User::settled(&an_active_user().0));
    assert!(User::settled(&fold(&[started(), failed(ClaimFailure::EmailTaken, vec![], vec![name()])])));
}

#[test]
fn an_operator_sees_what_is_waited_for() {
    let status = User::saga(&fold(&[started()])).unwrap();
    assert_eq!((status.step, status.waits_for.len(), status.answer_by), ("reserve", 2, Some(at(10))));
    assert_eq!((status.attempt, status.stuck), (Some(0), None));
    assert_eq!(User::saga(&an_active_user().0), None);
}
