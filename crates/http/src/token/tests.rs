//! Consistency tokens: what is encoded is decoded, and whatever was changed is noticed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use uuid::Uuid;

use super::{ConsistencyToken, InvalidToken, MAX_ENTRIES, MAX_TEXT, TokenKey};
use crate::coordinates::{Offset, PartitionId};

fn key() -> TokenKey {
    TokenKey::new(&[7; 32])
}

fn any_token() -> impl Strategy<Value = ConsistencyToken> {
    let entry = (0u128..3, "[a-z]{1,3}\\.events\\.v1", 0..4i32, any::<i64>());
    prop::collection::vec(entry, 0..12).prop_map(|entries| {
        let mut token = ConsistencyToken::new();
        for (log, topic, partition, offset) in entries {
            token.cover(Uuid::from_u128(log), topic, PartitionId(partition), Offset(offset));
        }
        token
    })
}

fn offset_of(token: &ConsistencyToken, like: &super::Covered) -> Offset {
    let same =
        |held: &&super::Covered| (&held.topic, held.partition, held.log) == (&like.topic, like.partition, like.log);
    token.iter().find(same).map_or(Offset(-1), |held| held.offset)
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(token in any_token()) {
        let text = token.encode(&key());
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(ConsistencyToken::decode(&key(), &text), Ok(token));
    }

    #[test]
    fn a_changed_character_is_noticed(token in any_token(), at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let mut text = token.encode(&key());
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != to);
        text.replace_range(at..=at, &to);
        prop_assert_eq!(ConsistencyToken::decode(&key(), &text), Err(InvalidToken));
    }

    #[test]
    fn a_token_of_another_key_or_cut_short_or_made_longer_is_noticed(token in any_token(), cut in any::<prop::sample::Index>()) {
        let text = token.encode(&key());
        prop_assert_eq!(ConsistencyToken::decode(&TokenKey::new(&[8; 32]), &text), Err(InvalidToken));
        prop_assert_eq!(ConsistencyToken::decode(&key(), &text[..cut.index(text.len())]), Err(InvalidToken));
        prop_assert_eq!(ConsistencyToken::decode(&key(), &format!("{text}AAAA")), Err(InvalidToken));
    }

    #[test]
    fn any_bytes_under_a_good_mac_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut message = vec![1];
        message.extend(bytes);
        message.extend_from_slice(&key().0.tag(&message)[..16]);
        let _ = ConsistencyToken::decode(&key(), &URL_SAFE_NO_PAD.encode(message));
    }

    #[test]
    fn merging_takes_the_greater_offset_of_each(a in any_token(), b in any_token()) {
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        prop_assert_eq!(&ab, &ba);
        for covered in ab.iter() {
            prop_assert_eq!(covered.offset, offset_of(&a, covered).max(offset_of(&b, covered)));
        }
        for covered in a.iter().chain(b.iter()) {
            prop_assert!(offset_of(&ab, covered) >= covered.offset);
        }
        let once = ab.clone();
        ab.merge(&b);
        prop_assert_eq!(ab, once);
    }
}

#[test]
fn a_token_of_one_record_is_short() {
    let token = ConsistencyToken::of(Uuid::from_u128(9), "order.events.v1", PartitionId(3), Offset(1_234_567));
    let text = token.encode(&key());
    assert!(text.len() <= 80, "{} characters", text.len());
    assert_eq!(token.iter().len(), 1);
}

#[test]
fn no_record_asks_for_nothing() {
    assert!(ConsistencyToken::of(Uuid::nil(), "t", PartitionId(0), Offset(-1)).is_empty());
    assert_eq!(ConsistencyToken::decode(&key(), ""), Err(InvalidToken));
}

#[test]
fn too_large_a_token_is_refused() {
    let mut token = ConsistencyToken::new();
    for partition in 0..MAX_ENTRIES as i32 {
        token.cover(Uuid::nil(), "t", PartitionId(partition), Offset(1));
    }
    assert!(ConsistencyToken::decode(&key(), &token.encode(&key())).is_ok());
    token.cover(Uuid::nil(), "u", PartitionId(0), Offset(1));
    assert_eq!(ConsistencyToken::decode(&key(), &token.encode(&key())), Err(InvalidToken));
    assert_eq!(ConsistencyToken::decode(&key(), &"A".repeat(MAX_TEXT + 4)), Err(InvalidToken));
}
