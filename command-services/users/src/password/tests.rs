//! A password is verified by its hash, and by no other.

use super::*;
use proptest::prelude::*;

/// Far too cheap for a real one, quick enough for tests.
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

fn typed(text: &str) -> Password {
    Password::typed(text)
}

fn hashed(text: &str, salt: u8) -> PasswordHash {
    hash(&typed(text), [salt; SALT_BYTES], CHEAP).unwrap()
}

#[test]
fn a_hash_says_how_it_was_made() {
    let hash = hash(&typed("correct horse battery"), [1; SALT_BYTES], Cost::RECOMMENDED).unwrap();
    assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$"), "{}", hash.0);
    assert!(verify(&typed("correct horse battery"), &hash).unwrap());
    assert!(!needs_rehash(&hash, Cost::RECOMMENDED).unwrap());
}

/// RFC 9106 has no example without secret and associated data; this one is of the reference implementation:
/// `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32`.
#[test]
fn what_the_reference_implementation_hashed_is_verified() {
    let made = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert!(verify(&typed("password"), &PasswordHash(made.to_owned())).unwrap());
    assert!(!verify(&typed("passwore"), &PasswordHash(made.to_owned())).unwrap());
}

#[test]
fn the_same_password_under_another_salt_has_another_hash() {
    assert_ne!(hashed("correct horse", 1), hashed("correct horse", 2));
}

#[test]
fn a_hash_of_another_cost_or_kind_is_made_anew() {
    let hash = hashed("correct horse", 1);
    assert!(!needs_rehash(&hash, CHEAP).unwrap());
    for cost in
        [Cost { memory_kib: 16, ..CHEAP }, Cost { passes: 2, ..CHEAP }, Cost { memory_kib: 16, lanes: 2, ..CHEAP }]
    {
        assert!(needs_rehash(&hash, cost).unwrap(), "{cost:?}");
    }
    let older = PasswordHash(hash.0.replace("argon2id", "argon2i"));
    assert!(needs_rehash(&older, CHEAP).unwrap());
    let older = PasswordHash(hash.0.replace("v=19", "v=16"));
    assert!(needs_rehash(&older, CHEAP).unwrap());
}

#[test]
fn what_is_no_hash_is_a_fault_and_not_a_wrong_password() {
    for kept in ["", "secret", "$argon2id$v=19$m=8,t=1,p=1", "$2b$12$abcdefghijklmnopqrstuv"] {
        let kept = PasswordHash(kept.to_owned());
        assert!(verify(&typed("secret"), &kept).is_err(), "{}", kept.0);
    }
}

#[test]
fn no_hash_costs_nothing() {
    assert!(matches!(hash(&typed("x"), [0; SALT_BYTES], Cost { memory_kib: 0, ..CHEAP }), Err(HashError::Cost(_))));
}

#[test]
fn a_password_does_not_show_in_debug_output() {
    assert_eq!(format!("{:?}", typed("canary")), "Password(…)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_password_is_verified_by_its_hash_and_by_no_other(one in ".{0,40}", other in ".{0,40}", salt: u8) {
        let hash = hashed(&one, salt);
        prop_assert!(verify(&typed(&one), &hash).unwrap());
        prop_assert_eq!(verify(&typed(&other), &hash).unwrap(), one == other);
    }
}

#[test]
fn a_cost_is_memory_and_passes_and_never_below_what_is_recommended() {
    let cost = |memory_kib, passes| Ok(Cost { memory_kib, passes, lanes: 1 });
    assert_eq!("19456,2".parse(), Ok(Cost::RECOMMENDED));
    assert_eq!("47104, 3".parse(), cost(47_104, 3));
    assert_eq!("1048576,100".parse(), Ok(Cost::HIGHEST));
    for none in ["", "19456", "19456,1", "19455,2", "1,1000", "1048577,2", "19456,101", "19456,2,1", "-1,2", "19m,2"] {
        assert_eq!(none.parse::<Cost>(), Err(NoCost), "{none}");
    }
}
