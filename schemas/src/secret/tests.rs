//! What is kept of a secret is of one form, and shows nothing.

use super::*;
use crate::Sealed;

#[test]
fn a_hash_is_64_lower_case_hexadecimal_digits() {
    let hash = SecretHash::of_digest(&[0xab; 32]);
    assert_eq!(hash.as_str(), "ab".repeat(32));
    assert_eq!(SecretHash::try_from("ab".repeat(32)), Ok(hash));
    for wrong in ["", "AB", &"AB".repeat(32), &"ab".repeat(31), &"ab".repeat(33), &"g0".repeat(32)] {
        assert_eq!(SecretHash::try_from(wrong.to_owned()), Err(InvalidHash), "{wrong}");
    }
}

#[test]
fn neither_hashes_nor_sealed_data_show_in_debug_output() {
    let shown = format!(
        "{:?} {:?} {:?}",
        SecretHash::of_digest(&[0xab; 32]),
        PasswordHash("$argon2id$canary".to_owned()),
        Sealed::from_stored("canary")
    );
    assert_eq!(shown, "SecretHash(…) PasswordHash(…) Sealed(…)");
}
