//! What the programs say of themselves.

use super::*;

#[test]
fn the_version_is_read_from_releases_and_betas() {
    assert_eq!(major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"), Some(15));
    assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
    assert_eq!(major("postgres"), None);
}
