//! A key's text leads back to its id and secret, and to nothing else.

use super::*;
use proptest::prelude::*;

fn id() -> ApiKeyId {
    ApiKeyId(Uuid::from_u128(0x42))
}

#[test]
fn the_hash_is_the_sha_256_of_the_secret() {
    let hash = ApiSecret::new([0; 32]).hash();
    assert_eq!(hash.as_str(), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
}

#[test]
fn what_is_no_key_is_refused() {
    let good = ApiSecret::new([0xff; 32]).reveal(id());
    let (head, _) = good.rsplit_once('_').unwrap();
    let wrong = [
        String::new(),
        format!("{good}="),
        good.replace("till_", "TILL_"),
        good.replace("00042_", "0004G_"),
        format!("till_{}_{}", id().0, "_".repeat(43)),
        format!("{head}_{}", "A".repeat(42)),
        head.to_owned(),
    ];
    for text in wrong {
        assert_eq!(ApiSecret::read(&text), Err(InvalidApiKey), "{text}");
    }
}

#[test]
fn a_secret_does_not_show_in_debug_output() {
    assert_eq!(format!("{:?}", ApiSecret::new([7; 32])), "ApiSecret(…)");
}

proptest! {
    #[test]
    fn a_text_leads_back_to_its_id_and_secret(number in any::<u128>(), random in any::<[u8; 32]>()) {
        let (id, secret) = (ApiKeyId(Uuid::from_u128(number)), ApiSecret::new(random));
        prop_assert!(ApiSecret::is_meant_by(&secret.reveal(id)));
        prop_assert_eq!(ApiSecret::read(&secret.reveal(id)), Ok((id, secret)));
    }

    #[test]
    fn another_secret_has_another_hash(one in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
        prop_assert_eq!(ApiSecret::new(one).hash() == ApiSecret::new(other).hash(), one == other);
    }
}
