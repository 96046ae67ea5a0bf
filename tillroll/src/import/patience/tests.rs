//! What is asked again, how soon, and what is taken as the last word.

use super::*;

#[test]
fn what_may_pass_is_asked_again_later_and_later() {
    let pause = |attempt| match next(StatusCode::SERVICE_UNAVAILABLE, None, attempt, false) {
        Next::Again(pause) => pause,
        Next::Takes | Next::Refused => Duration::ZERO,
    };
    assert_eq!([pause(0), pause(1), pause(60)], [FIRST_PAUSE, FIRST_PAUSE * 2, LONGEST_PAUSE]);
}

#[test]
fn a_server_may_ask_for_a_longer_pause_but_not_for_ever() {
    let again = |text| next(StatusCode::TOO_MANY_REQUESTS, Some(text), 0, false);
    assert_eq!(again("2"), Next::Again(Duration::from_secs(2)));
    assert_eq!(again("86400"), Next::Again(LONGEST_ASKED_PAUSE));
    assert_eq!(again("tomorrow"), Next::Again(FIRST_PAUSE));
}

#[test]
fn a_refusal_is_final() {
    assert_eq!(next(StatusCode::CONFLICT, None, 0, false), Next::Refused);
    assert_eq!(next(StatusCode::UNPROCESSABLE_ENTITY, None, 0, false), Next::Refused);
    assert_eq!(next(StatusCode::CREATED, None, 0, false), Next::Takes);
    assert_eq!(next(StatusCode::INTERNAL_SERVER_ERROR, None, FAULTS, false), Next::Refused);
}

#[test]
fn a_wait_that_ran_out_goes_on_at_once_and_one_that_was_none_after_a_pause() {
    assert_eq!(next(StatusCode::ACCEPTED, None, 7, true), Next::Again(Duration::ZERO));
    assert_eq!(next(StatusCode::ACCEPTED, None, 0, false), Next::Again(FIRST_PAUSE));
    assert_eq!(next(StatusCode::ACCEPTED, None, 60, false), Next::Again(LONGEST_PAUSE));
}

#[test]
fn jitter_takes_up_to_a_half_off() {
    let (patience, pause) = (Patience::new(Duration::ZERO), Duration::from_secs(1));
    for attempt in 0..100 {
        let jittered = patience.jittered(pause, Some("key"), attempt);
        assert!(jittered <= pause && jittered >= pause / 2, "{jittered:?}");
    }
}
