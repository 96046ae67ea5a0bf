//! Preferences as rows: the last choice is the row.

use super::*;
use crate::samples::envelope;
use tillroll_schemas::notification::Channel;
use tillroll_schemas::preference::{Choices, Chosen as Chose, Kind};

#[test]
fn the_last_choice_of_a_user_makes_his_row() {
    let mut batch = Batch::default();
    let user = Uuid::from_u128(1);
    for (version, channel) in [(1, Channel::Sms), (2, Channel::Push)] {
        let choices = Choices([(Kind::Delivery, [channel].into())].into());
        let event = PreferenceEvent::from(Chose { choices, undeliverable: None });
        let mut envelope = envelope("preference.events.v1", &user.to_string(), version, 7);
        envelope.type_name = event.type_name().into();
        let chosen = Preferences::decode(&envelope, &event.encode().unwrap()).unwrap();
        Preferences::fold(&mut batch, &envelope, &chosen);
    }
    let row = &batch.0[&user];
    assert_eq!((row.choices.as_str(), row.version), (r#"{"delivery":["push"]}"#, Version(2)));
}
