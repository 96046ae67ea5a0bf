//! Every step of the sagas × everything that can go wrong with it; in the end nothing is held without an account.
//! The steps come from the code: one that is new does not compile here before it has its rows.

use super::town::{Fault, Place, Town, claim_key, user_id, wants};
use super::*;
use crate::user::{Compensation, SagaStep};
use tillroll_schemas::identity_claim::{Hold, IdentityClaimEvent, ReleaseIdentity};
use tillroll_testkit::Told;

/// Who is watched, and somebody who has what he wants.
const ANN: u128 = 1;
const BOB: u128 = 2;
/// The claims of the story.
const EMAIL: usize = 0;
const NAME: usize = 1;
const OTHER: usize = 2;
const BOBS_NAME: usize = 3;

/// What can go wrong with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// The claim says no.
    Refused,
    /// Nobody can read the command.
    Unreadable,
    /// Nobody can read the answer.
    AnswerUnreadable,
    /// The claim is away for longer than any wait, and longer than it waits itself.
    TimedOut,
    /// It is away until the user has given the step up.
    AnsweredLate,
    /// Every command and every answer stands there twice.
    AnsweredTwice,
    /// An owner is killed before a record of the step is stored,
    LostBefore,
    /// when it is stored and nobody knows,
    LostAfter,
    /// and when all that it causes is sent and that is not committed.
    LostAfterSending,
}

const FAILURES: [Failure; 9] = [
    Failure::Refused,
    Failure::Unreadable,
    Failure::AnswerUnreadable,
    Failure::TimedOut,
    Failure::AnsweredLate,
    Failure::AnsweredTwice,
    Failure::LostBefore,
    Failure::LostAfter,
    Failure::LostAfterSending,
];

/// Where somebody is when everything is quiet again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With an account, under this address; and why the other was not to be had.
    Account(usize, Option<ClaimFailure>),
    Failed(ClaimFailure),
    Erased,
}

/// A story that the step is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// Somebody registers.
    Registration,
    /// Somebody registers with an address that Bob has.
    RefusedRegistration,
    /// Somebody changes his address.
    EmailChange,
    /// Somebody is erased.
    Erasure,
}

fn scenes(step: ClaimStep) -> &'static [Scene] {
    match step {
        ClaimStep::Reserve | ClaimStep::Confirm => &[Scene::Registration, Scene::EmailChange],
        ClaimStep::Release => &[Scene::RefusedRegistration, Scene::EmailChange, Scene::Erasure],
    }
}

/// The command to a claim, and what its answer says.
fn command(step: ClaimStep) -> (&'static str, &'static str) {
    match step {
        ClaimStep::Reserve => ("identity-claim.reserve", "\"reserved\""),
        ClaimStep::Confirm => ("identity-claim.confirm", "\"confirmed\""),
        ClaimStep::Release => ("identity-claim.release", "\"released\""),
    }
}

/// The records by which a step goes on, each of which may be the one at which an owner is lost.
fn records(step: ClaimStep, scene: Scene) -> Vec<&'static str> {
    let (begun, answered, done) = match (step, scene) {
        (ClaimStep::Reserve, Scene::EmailChange) => ("user.email-change-started.v1", None, "user.claims-reserved.v1"),
        (ClaimStep::Reserve, _) => {
            ("user.registration-started.v1", Some("user.claims-answered.v1"), "user.claims-reserved.v1")
        }
        (ClaimStep::Confirm, Scene::EmailChange) => ("user.claims-reserved.v1", None, "user.email-changed.v1"),
        (ClaimStep::Confirm, _) => ("user.claims-reserved.v1", Some("user.claims-answered.v1"), "user.activated.v1"),
        (ClaimStep::Release, Scene::EmailChange) => ("user.email-changed.v1", None, "user.claims-released.v1"),
        (ClaimStep::Release, Scene::Erasure) => {
            ("user.erased.v1", Some("user.claims-answered.v1"), "user.claims-released.v1")
        }
        (ClaimStep::Release, _) => ("user.registration-failed.v1", None, "user.claims-released.v1"),
    };
    let by_claim = match step {
        ClaimStep::Reserve => "identity-claim.reserved.v1",
        ClaimStep::Confirm => "identity-claim.confirmed.v1",
        ClaimStep::Release => "identity-claim.released.v1",
    };
    [Some(begun), Some(by_claim), answered, Some(done)].into_iter().flatten().collect()
}

/// Where the story ends without any failure.
fn undisturbed(scene: Scene) -> End {
    match scene {
        Scene::Registration => End::Account(EMAIL, None),
        Scene::RefusedRegistration => End::Failed(ClaimFailure::EmailTaken),
        Scene::EmailChange => End::Account(OTHER, None),
        Scene::Erasure => End::Erased,
    }
}

/// Where it ends if the user does without what he wanted.
fn without(scene: Scene, why: ClaimFailure) -> End {
    match scene {
        Scene::Registration | Scene::RefusedRegistration => End::Failed(why),
        Scene::EmailChange => End::Account(EMAIL, Some(why)),
        Scene::Erasure => End::Erased,
    }
}

/// Where it ends with this failure of this step; nothing if there is no such failure.
fn expected(step: SagaStep, failure: Failure, scene: Scene) -> Option<End> {
    match (failure, step.step, step.compensation) {
        (Failure::Refused, ClaimStep::Reserve, _) => Some(without(scene, ClaimFailure::EmailTaken)),
        (Failure::Refused, ClaimStep::Confirm, _) => Some(without(scene, ClaimFailure::IdentityUnanswered)),
        // A claim always lets go.
        (Failure::Refused, ClaimStep::Release, _) => None,
        (
            Failure::Unreadable | Failure::AnswerUnreadable | Failure::TimedOut | Failure::AnsweredLate,
            _,
            Compensation::Release,
        ) => Some(without(scene, ClaimFailure::IdentityUnanswered)),
        (
            Failure::Unreadable | Failure::AnswerUnreadable | Failure::TimedOut | Failure::AnsweredLate,
            _,
            Compensation::AskAgain,
        )
        | (Failure::AnsweredTwice | Failure::LostBefore | Failure::LostAfter | Failure::LostAfterSending, ..) => {
            Some(undisturbed(scene))
        }
    }
}

/// The faults that are this failure of this step; each is tried by itself.
fn faults(step: ClaimStep, failure: Failure, scene: Scene) -> Vec<Option<Fault>> {
    let (type_name, answer) = command(step);
    let at_each =
        |fault: fn(&'static str) -> Fault| records(step, scene).into_iter().map(|name| Some(fault(name))).collect();
    match failure {
        Failure::Refused | Failure::AnsweredTwice => vec![None],
        Failure::Unreadable => vec![Some(Fault::Unreadable(type_name, ""))],
        Failure::AnswerUnreadable => vec![Some(Fault::Unreadable("user.record-claim-answers", answer))],
        Failure::TimedOut | Failure::AnsweredLate => vec![Some(Fault::Silence(type_name))],
        Failure::LostBefore => at_each(Fault::LostBefore),
        Failure::LostAfter => at_each(Fault::LostAfter),
        Failure::LostAfterSending => at_each(Fault::LostAfterSending),
    }
}

/// Everything that has to be before the story begins, without any fault.
fn prologue(town: &mut Town, scene: Scene, bob_has: Option<usize>) {
    let (fault, twice) = (town.fault.take(), std::mem::take(&mut town.twice));
    if let Some(email) = bob_has {
        assert_eq!(town.tell(BOB, wants(email, BOBS_NAME)), Told::Applied);
    }
    if matches!(scene, Scene::EmailChange | Scene::Erasure) {
        assert_eq!(town.tell(ANN, wants(EMAIL, NAME)), Told::Applied);
    }
    (town.fault, town.twice) = (fault, twice);
}

/// Tells the story; the fault strikes where it fits.
fn tell(town: &mut Town, step: ClaimStep, failure: Failure, scene: Scene) {
    let wanted = if scene == Scene::EmailChange { OTHER } else { EMAIL };
    let is_refused = failure == Failure::Refused && step == ClaimStep::Reserve;
    prologue(town, scene, (is_refused || scene == Scene::RefusedRegistration).then_some(wanted));
    if failure == Failure::Refused && step == ClaimStep::Confirm {
        town.away.insert(Place::Claim(NAME));
        if scene == Scene::EmailChange {
            town.away.insert(Place::Claim(OTHER));
        }
    }
    let told = match scene {
        Scene::Registration | Scene::RefusedRegistration => town.tell(ANN, wants(EMAIL, NAME)),
        Scene::EmailChange => town.tell(ANN, ChangeEmail { epoch: 1, email: sealed("other"), claim: claim_key(OTHER) }),
        Scene::Erasure => town.tell(ANN, EraseUser {}),
    };
    assert!(matches!(told, Told::Applied | Told::Repeat), "{told:?}");
    if failure == Failure::Refused && step == ClaimStep::Confirm {
        lose_a_reservation(town, wanted, if scene == Scene::EmailChange { 2 } else { 1 });
    }
}

/// Somebody with tools frees what is reserved, before it is confirmed.
fn lose_a_reservation(town: &mut Town, claim: usize, number: u32) {
    if town.away.contains(&Place::Claim(claim)) {
        // It reserves, and the answer stays with it.
        while town.site(Place::Claim(claim)).take() {}
        while town.site(Place::Claim(claim)).store() || town.site(Place::Claim(claim)).read() {}
    }
    assert!(town.holder(claim).is_some_and(|(_, confirmed)| !confirmed), "reserved, and not confirmed");
    town.meddle(claim, ReleaseIdentity { hold: Hold { user_id: user_id(ANN), number } });
    town.away.clear();
    town.run();
}

/// Faults stop, as late as the failure says.
fn mend(town: &mut Town, failure: Failure) {
    match failure {
        Failure::TimedOut => town.pass(2_000),
        Failure::AnsweredLate => town.pass(400),
        _ => {}
    }
    town.settle();
}

fn end_of(town: &Town, case: &str) -> End {
    match &town.user(ANN).life {
        Life::Active(account) => {
            let email = (0..super::town::CLAIMS).find(|index| claim_key(*index) == account.email_claim.claim).unwrap();
            End::Account(email, account.change_failed)
        }
        Life::Failed(failure, None) => End::Failed(*failure),
        Life::Erased { wait: None, .. } => End::Erased,
        other => panic!("{case}: not at an end: {other:?}"),
    }
}

#[test]
fn whatever_fails_at_whatever_step_the_slate_is_clean() {
    let mut cases = 0;
    for step in SagaStep::all() {
        for (failure, scene) in FAILURES.into_iter().flat_map(|f| scenes(step.step).iter().map(move |s| (f, *s))) {
            let Some(expected) = expected(step, failure, scene) else { continue };
            for fault in faults(step.step, failure, scene) {
                let case = format!("{step:?}, {scene:?}, {failure:?}, {fault:?}");
                let mut town = Town::new();
                (town.fault, town.twice) = (fault, failure == Failure::AnsweredTwice);
                tell(&mut town, step.step, failure, scene);
                assert_eq!(town.fault, None, "{case}: the fault did not strike");
                mend(&mut town, failure);
                assert_eq!(end_of(&town, &case), expected, "{case}");
                town.assert_clean_slate([ANN, BOB], &case);
                town.assert_one_holder_always();
                cases += 1;
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases >= 100, "{cases}");
}

#[test]
fn a_step_that_is_answered_late_but_in_patience_goes_on_as_if_in_time() {
    for step in SagaStep::all() {
        for scene in scenes(step.step) {
            // The waits last 10, 20, 40, 80 and 160 s.
            for late_by in [15, 45, 100, 200] {
                let case = format!("{step:?}, {scene:?}, {late_by} s late");
                let mut town = Town::new();
                town.fault = Some(Fault::Silence(command(step.step).0));
                tell(&mut town, step.step, Failure::AnsweredLate, *scene);
                town.pass(late_by);
                town.settle();
                assert_eq!(end_of(&town, &case), undisturbed(*scene), "{case}");
                town.assert_clean_slate([ANN, BOB], &case);
            }
        }
    }
}

/// What the users' owner is away for is longer than a claim's patience: it asks, and is told to stay.
#[test]
fn claims_that_expire_during_a_registration_are_asked_after_and_stay() {
    let mut town = Town::new();
    town.fault = Some(Fault::Silence("user.record-claim-answers"));
    let wants_both = wants(EMAIL, NAME);
    town.tell(ANN, wants_both);
    assert!(town.away.contains(&Place::Users));
    town.pass(2_000);
    let asked =
        town.claims[EMAIL].events().iter().filter(|(_, e)| matches!(e, IdentityClaimEvent::ExpiryAsked(_))).count();
    assert!(asked >= 2, "{asked}");
    assert!(town.holder(EMAIL).is_some(), "time alone takes nothing from anybody");
    town.settle();
    assert_eq!(end_of(&town, "expired"), End::Account(EMAIL, None));
    town.assert_clean_slate([ANN], "expired");
}

/// A command that lay in the dead letters is carried out long after nobody wants it.
#[test]
fn a_reservation_that_is_made_long_after_it_was_given_up_is_let_go_of() {
    let mut town = Town::new();
    town.fault = Some(Fault::Unreadable("identity-claim.reserve", ""));
    town.tell(ANN, wants(EMAIL, NAME));
    town.settle();
    assert_eq!(end_of(&town, "redriven"), End::Failed(ClaimFailure::IdentityUnanswered));
    let hold = Hold { user_id: user_id(ANN), number: 1 };
    let expires_at = town.now;
    town.meddle(EMAIL, tillroll_schemas::identity_claim::ReserveIdentity { hold, expires_at });
    assert!(town.holder(EMAIL).is_some());
    town.settle();
    town.assert_clean_slate([ANN], "redriven");
}

/// A release that lay in the dead letters comes when its user has the same address again.
#[test]
fn a_release_of_an_earlier_hold_takes_nothing_from_the_present_one() {
    let mut town = Town::new();
    town.tell(ANN, wants(EMAIL, NAME));
    for (email, claim) in [("other", OTHER), ("email", EMAIL)] {
        town.tell(ANN, ChangeEmail { epoch: 1, email: sealed(email), claim: claim_key(claim) });
        town.settle();
    }
    assert_eq!(town.account(ANN).unwrap().email_claim.hold, 3);
    town.meddle(EMAIL, ReleaseIdentity { hold: Hold { user_id: user_id(ANN), number: 1 } });
    town.assert_clean_slate([ANN], "redriven");
}

#[test]
fn fifty_who_register_with_one_address_make_one_account() {
    let mut town = Town::new();
    for number in 1..=50 {
        town.away.insert(Place::Claim(EMAIL));
        town.tell(number, wants(EMAIL, if number % 2 == 0 { NAME } else { OTHER }));
    }
    town.settle();
    let accounts = (1..=50).filter(|number| town.account(*number).is_some()).count();
    assert_eq!(accounts, 1);
    town.assert_clean_slate(1..=50, "fifty");
    town.assert_one_holder_always();
}

/// An event that the table does not know could be one at which an owner is lost without anybody having tried.
#[test]
fn every_event_of_the_sagas_stands_in_the_table() {
    let rows = SagaStep::all().into_iter().flat_map(|step| scenes(step.step).iter().map(move |scene| (step, *scene)));
    let walked: BTreeSet<&str> = rows.flat_map(|(step, scene)| records(step.step, scene)).collect();
    // These say that something went wrong, or are one decision that asks nothing of anybody.
    let others = [
        "user.step-overdue.v1",
        "user.claim-expiry-answered.v1",
        "user.email-change-failed.v1",
        "user.profile-changed.v1",
        "user.roles-changed.v1",
        "user.password-changed.v1",
        "user.password-rehashed.v1",
        "user.password-reset-requested.v1",
        "user.email-verification-requested.v1",
        "user.email-verified.v1",
        "user.token-expired.v1",
        "user.suspended.v1",
        "user.reinstated.v1",
        "identity-claim.extended.v1",
        "identity-claim.expiry-asked.v1",
    ];
    for name in UserEvent::TYPE_NAMES.iter().chain(IdentityClaimEvent::TYPE_NAMES) {
        assert!(walked.contains(name) != others.contains(name), "{name}");
    }
}

#[test]
fn every_step_stands_in_the_table_under_a_name_of_its_own() {
    for step in SagaStep::all() {
        assert_eq!(SagaStep::of(step.step), step);
        assert_eq!(SagaStep::all().iter().filter(|other| other.name == step.name).count(), 1);
    }
}
