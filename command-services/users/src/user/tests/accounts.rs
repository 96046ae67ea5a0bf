//! What is done with an account that there is, until it is forgotten.

use super::*;

#[test]
fn what_a_person_says_of_himself_replaces_what_he_said_before() {
    let profile = Profile { name: Some(sealed("Ann")), locale: Some("en-GB".to_owned()), ..Profile::default() };
    let changed = ProfileChanged { profile: profile.clone() };
    an_active_user().when(ChangeProfile { profile: profile.clone() }).then(changed.clone());
    an_active_user().and(changed).when(ChangeProfile { profile }).then_nothing();
}

#[test]
fn another_role_leaves_the_epoch_and_one_less_raises_it() {
    let both = || roles([Role::Customer, Role::Staff]);
    let raised = RolesChanged { roles: both(), epoch: 1 };
    an_active_user().when(ChangeRoles { roles: both() }).then(raised.clone());
    let story = || an_active_user().and(raised.clone());
    story().when(ChangeRoles { roles: both() }).then_nothing();
    let less = roles([Role::Staff]);
    story().when(ChangeRoles { roles: less.clone() }).then(RolesChanged { roles: less, epoch: 2 });
    story().when(ChangeRoles { roles: roles([]) }).then_refused(UserRejection::NoRoles);
}

#[test]
fn a_locked_account_raises_the_epoch_and_stays_locked_until_it_is_unlocked() {
    let suspend = || SuspendUser { reason: "card testing".to_owned() };
    an_active_user().when(suspend()).then(suspended());
    let story = || an_active_user().and(suspended());
    assert_eq!(story().account().epoch, 2);
    story().when(suspend()).then_nothing();
    story().when(ReinstateUser {}).then(Reinstated {});
    an_active_user().when(ReinstateUser {}).then_nothing();
    let back = story().and(Reinstated {});
    assert_eq!((back.account().epoch, User::answer(&"u".into(), None, &back.0).unwrap().status), (2, Status::Active));
}

#[test]
fn who_is_locked_out_can_change_nothing_that_lets_him_in() {
    let story = || an_active_user().and(suspended());
    let refused = UserRejection::Suspended;
    story().when(ChangePassword { password: hashed("new"), epoch: 2 }).then_refused(refused);
    story().when(RehashPassword { password: hashed("new"), epoch: 2 }).then_refused(refused);
    story().when(RequestPasswordReset { request_id: REQUEST, token: token(1) }).then_refused(refused);
    story().when(ResetPassword { token: token(1), password: hashed("new") }).then_refused(refused);
    story().when(RequestEmailVerification { request_id: REQUEST, token: token(1) }).then_refused(refused);
    story().when(ChangeEmail { epoch: 1, email: sealed("other"), claim: key("other") }).then_refused(refused);
}

#[test]
fn erasing_raises_the_epoch_and_lets_go_of_address_and_username() {
    an_active_user().when(EraseUser {}).then(erased());
    let erased = Erased { epoch: 3, releases: vec![email(), name()], answer_by: at(110) };
    an_active_user().and(suspended()).when(EraseUser {}).then(erased);
}

#[test]
fn erasing_lets_go_of_an_address_that_was_wanted_or_given_up_as_well() {
    let erased = |releases| Erased { epoch: 2, releases, answer_by: at(110) };
    for story in [
        an_active_user().and(change_started()),
        an_active_user().and(change_started()).and(change_reserved()),
        an_active_user().and(change_started()).and(change_reserved()).and(changed()),
    ] {
        story.when(EraseUser {}).then(erased(vec![email(), name(), other()]));
    }
}

#[test]
fn of_who_is_erased_nothing_is_known_but_his_epoch_and_what_he_still_holds() {
    let story = an_active_user().and(suspended()).and(erased());
    let Life::Erased { epoch, wait } = &story.0.life else { panic!("{:?}", story.0) };
    assert_eq!((*epoch, wait.as_ref().unwrap().open().count()), (2, 2));
    let shown = serde_json::to_string(&story.0).unwrap();
    assert!(!shown.contains("sealed") && !shown.contains("hash of"), "{shown}");
    let body = User::answer(&"u".into(), None, &story.0).unwrap();
    assert_eq!((body.status, body.account), (Status::Erased, None));
}

#[test]
fn an_erased_user_is_gone_for_ever() {
    let story = || an_active_user().and(erased());
    story().when(EraseUser {}).then_nothing();
    story().when(register()).then_nothing();
    let gone = UserRejection::NotFound;
    story().when(ReinstateUser {}).then_refused(gone);
    story().when(SuspendUser { reason: "late".to_owned() }).then_refused(gone);
    story().when(ChangeProfile { profile: Profile::default() }).then_refused(gone);
    story().when(ChangeRoles { roles: roles([Role::Staff]) }).then_refused(gone);
    story().when(ChangePassword { password: hashed("new"), epoch: 2 }).then_refused(gone);
    let told = [is_released(email()), is_released(name())];
    story().when(answers(told.clone())).then(ClaimsReleased { answers: told.to_vec() });
    let over = story().and(ClaimsReleased { answers: told.to_vec() });
    assert_eq!(over.0.life, Life::Erased { epoch: 2, wait: None });
    assert_eq!(User::deadline(&over.0), None);
}
