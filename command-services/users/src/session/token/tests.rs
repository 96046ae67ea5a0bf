//! A token is read by whoever made it, says what it was made of, and not a character of it can be another one.

use super::*;
use proptest::prelude::*;

fn key() -> RefreshTokenKey {
    RefreshTokenKey::new(&[7; 32])
}

fn some_token() -> impl Strategy<Value = Presented> {
    (any::<u128>(), any::<u64>())
        .prop_map(|(id, generation)| Presented { session: SessionId(Uuid::from_u128(id)), generation })
}

fn first() -> Presented {
    Presented { session: SessionId(Uuid::from_u128(0x1234)), generation: 1 }
}

#[test]
fn a_token_is_session_generation_and_mac() {
    let token = key().issue(first());
    let mut parts = token.reveal().split('.');
    assert_eq!(parts.next(), Some("00000000000000000000000000001234"));
    assert_eq!(parts.next(), Some("1"));
    assert_eq!(parts.next().map(str::len), Some(43));
    assert_eq!(parts.next(), None);
}

#[test]
fn what_is_no_token_is_refused() {
    let good = key().issue(first());
    let (head, mac) = good.reveal().rsplit_once('.').unwrap();
    let spellings = [
        String::new(),
        "..".to_owned(),
        format!("{head}."),
        format!("{head}.{mac}."),
        format!("{head}.{mac}="),
        format!(" {head}.{mac}"),
        format!("{}.+1.{mac}", Uuid::from_u128(0x1234).as_simple()),
        format!("{}.01.{mac}", Uuid::from_u128(0x1234).as_simple()),
        format!("{}.1.{mac}", Uuid::from_u128(0x1234)),
        format!("{{{}}}.1.{mac}", Uuid::from_u128(0x1234)),
        format!("{head}.{}", "A".repeat(43)),
        "9".repeat(10_000),
    ];
    for text in spellings {
        assert_eq!(key().read(&text), Err(InvalidRefreshToken), "{text}");
    }
}

#[test]
fn a_token_of_another_installation_is_refused() {
    let foreign = RefreshTokenKey::new(&[8; 32]).issue(first());
    assert_eq!(key().read(foreign.reveal()), Err(InvalidRefreshToken));
}

#[test]
fn neither_token_nor_key_shows_in_debug_output() {
    assert_eq!(format!("{:?} {:?}", key().issue(first()), key()), "RefreshToken(…) RefreshTokenKey(…)");
}

proptest! {
    #[test]
    fn a_token_says_what_it_was_made_of(token in some_token()) {
        prop_assert_eq!(key().read(key().issue(token).reveal()), Ok(token));
    }

    #[test]
    fn a_token_with_any_character_changed_left_out_or_added_is_refused(
        token in some_token(), which in any::<prop::sample::Index>(), other in any::<char>(), how in 0..3,
    ) {
        let good = key().issue(token);
        let mut text: Vec<char> = good.reveal().chars().collect();
        let place = which.index(text.len());
        match how {
            0 => text[place] = other,
            1 => text.insert(place, other),
            _ => drop(text.remove(place)),
        }
        let text: String = text.into_iter().collect();
        prop_assume!(text != good.reveal());
        prop_assert_eq!(key().read(&text), Err(InvalidRefreshToken));
    }

    #[test]
    fn the_mac_of_one_token_is_not_that_of_another(one in some_token(), other in some_token()) {
        prop_assume!(one != other);
        let (one, other) = (key().issue(one), key().issue(other));
        let (head, _) = one.reveal().rsplit_once('.').unwrap();
        let (_, mac) = other.reveal().rsplit_once('.').unwrap();
        prop_assert_eq!(key().read(&format!("{head}.{mac}")), Err(InvalidRefreshToken));
    }

    #[test]
    fn any_text_at_all_is_answered(text in ".{0,200}") {
        prop_assert_eq!(key().read(&text), Err(InvalidRefreshToken));
    }
}
