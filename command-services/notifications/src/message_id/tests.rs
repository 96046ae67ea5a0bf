//! A Message-ID tells its notification and channel, and only one of ours does.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

proptest! {
    #[test]
    fn a_message_id_is_read_back(id: u128, channel in 0..3_usize) {
        let (id, channel) = (NotificationId(Uuid::from_u128(id)), Channel::ALL[channel]);
        let text = message_id(id, channel, "shop.example");
        prop_assert_eq!(read_message_id(&text, "Shop.Example"), Some((id, channel)));
        prop_assert_eq!(read_message_id(text.trim_matches(['<', '>']), "shop.example"), Some((id, channel)));
        prop_assert_eq!(read_message_id(&text, "other.example"), None);
    }

    #[test]
    fn whatever_else_it_is_it_is_not_ours(text in ".{0,60}") {
        prop_assert_eq!(read_message_id(&text, "shop.example"), None);
    }
}
