//! Addresses of databases.

use super::*;

#[test]
fn the_name_of_the_database_is_replaced_and_nothing_else() {
    assert_eq!(with_name("postgres://u:p@h:1/one", "two"), "postgres://u:p@h:1/two");
    assert_eq!(with_name("postgres://u:p@h:1/one?x=y/z", "two"), "postgres://u:p@h:1/two?x=y/z");
    assert_eq!(with_name("postgresql://h", "two"), "postgresql://h/two");
}

#[test]
fn the_role_is_replaced_and_nothing_else() {
    assert_eq!(with_role("postgres://u:p@h:1/one?x=y", "v", "q"), "postgres://v:q@h:1/one?x=y");
    assert_eq!(with_role("postgres://h:1/one", "v", "q"), "postgres://v:q@h:1/one");
    assert_eq!(with_role("postgres://u:p@h:1", "v", "q"), "postgres://v:q@h:1");
}
