//! What a product does, sentence by sentence, and what is true of it whatever it is asked.

use super::*;
use proptest::prelude::*;
use tillroll_schemas::{Currency, Money, Quantity, TaxRate};
use tillroll_testkit::{assert_twice_adds_nothing, story};

/// The behaviour of an aggregate: given what happened, when this is asked, then that happens.
struct Given(State);

struct Decided(Result<Option<ProductEvent>, Rejection>);

fn given(events: &[ProductEvent]) -> Given {
    Given(events.iter().fold(State::default(), Product::evolve))
}

impl Given {
    fn when(self, command: impl Into<ProductCommand>) -> Decided {
        Decided(Product::decide(&self.0, &command.into(), Timestamp::UNIX_EPOCH))
    }
}

impl Decided {
    fn then(self, event: impl Into<ProductEvent>) {
        assert_eq!(self.0, Ok(Some(event.into())));
    }
    fn then_nothing(self) {
        assert_eq!(self.0, Ok(None));
    }
    fn then_refused(self, rejection: Rejection) {
        assert_eq!(self.0, Err(rejection));
    }
}

fn heart() -> Details {
    Details {
        name: "White hanging heart".to_owned(),
        description: String::new(),
        category: Some("Candles".to_owned()),
        price: Money { amount: 255, currency: Currency::GBP },
        tax_rate: TaxRate::default(),
        tracked: true,
    }
}

fn dearer() -> Details {
    Details { price: Money { amount: 295, currency: Currency::GBP }, ..heart() }
}

fn add(details: Details) -> AddProduct {
    AddProduct { details, initial_stock: None }
}

fn added(details: Details) -> ProductEvent {
    Added { details, initial_stock: None }.into()
}

fn revised(details: Details) -> ProductEvent {
    Revised { details }.into()
}

fn archived(details: Details) -> ProductEvent {
    Archived { details }.into()
}

fn revise(details: Details, tracked: Option<bool>) -> ReviseProduct {
    let Details { name, description, category, price, tax_rate, tracked: _ } = details;
    ReviseProduct { name, description, category, price, tax_rate, tracked }
}

#[test]
fn a_new_product_is_listed_with_all_its_details() {
    given(&[]).when(add(heart())).then(added(heart()));
}

#[test]
fn the_first_pieces_of_a_new_product_are_remembered_for_its_stock() {
    let initial_stock = Quantity::new(120).ok();
    given(&[]).when(AddProduct { details: heart(), initial_stock }).then(Added { details: heart(), initial_stock });
}

#[test]
fn a_sku_names_one_product_for_ever() {
    given(&[added(heart())]).when(add(heart())).then_refused(Rejection::SkuTaken);
    given(&[added(heart()), archived(heart())]).when(add(dearer())).then_refused(Rejection::SkuTaken);
}

#[test]
fn a_product_that_nobody_added_cannot_be_revised_or_archived() {
    given(&[]).when(revise(heart(), None)).then_refused(Rejection::NotFound);
    given(&[]).when(ArchiveProduct {}).then_refused(Rejection::NotFound);
}

#[test]
fn a_revision_replaces_the_details() {
    given(&[added(heart())]).when(revise(dearer(), Some(true))).then(revised(dearer()));
}

#[test]
fn a_revision_that_does_not_say_whether_stock_is_kept_leaves_that_as_it_is() {
    let service = Details { tracked: false, ..heart() };
    let dearer_service = Details { tracked: false, ..dearer() };
    given(&[added(service)]).when(revise(dearer(), None)).then(revised(dearer_service));
}

#[test]
fn a_revision_to_what_the_product_is_already_changes_nothing() {
    given(&[added(heart())]).when(revise(heart(), None)).then_nothing();
    given(&[added(heart()), revised(dearer())]).when(revise(dearer(), Some(true))).then_nothing();
}

#[test]
fn whether_stock_is_kept_never_changes() {
    given(&[added(heart())]).when(revise(heart(), Some(false))).then_refused(Rejection::TrackingFixed);
}

#[test]
fn an_archived_product_cannot_be_revised() {
    given(&[added(heart()), archived(heart())]).when(revise(dearer(), None)).then_refused(Rejection::Archived);
}

#[test]
fn a_product_is_archived_with_the_details_that_it_had_last() {
    given(&[added(heart()), revised(dearer())]).when(ArchiveProduct {}).then(archived(dearer()));
}

#[test]
fn archiving_twice_is_archiving_once() {
    given(&[added(heart()), archived(heart())]).when(ArchiveProduct {}).then_nothing();
}

#[test]
fn a_repeat_is_told_what_the_first_was_told_although_the_product_changed() {
    let State::Archived(now) = given(&[added(heart()), revised(dearer()), archived(dearer())]).0 else {
        panic!("archived")
    };
    let key = Key::from("85123A");
    let told = Product::answer(&key, Some(&added(heart())), &State::Archived(now.clone()));
    assert_eq!(told, Some(Listing { details: Arc::new(heart()), archived: false }));
    let told = Product::answer(&key, None, &State::Archived(now));
    assert_eq!(told, Some(Listing { details: Arc::new(dearer()), archived: true }));
    assert_eq!(Product::answer(&key, None, &State::Unknown), None);
}

#[test]
fn every_rejection_is_of_a_known_kind_of_problem() {
    for rejection in Rejection::ALL {
        let code = tillroll_log::Rejection::code(&rejection);
        assert!(tillroll_command_http::kind_of(code).is_some(), "{code}");
    }
}

fn some_details() -> impl Strategy<Value = Details> {
    (any::<bool>(), any::<bool>()).prop_map(|(dear, tracked)| {
        let details = if dear { dearer() } else { heart() };
        Details { tracked, ..details }
    })
}

fn some_command() -> impl Strategy<Value = ProductCommand> {
    prop_oneof![
        (some_details(), prop::option::of(1..9_i64)).prop_map(|(details, pieces)| {
            let initial_stock = pieces.and_then(|pieces| Quantity::new(pieces).ok());
            AddProduct { details, initial_stock }.into()
        }),
        (some_details(), any::<Option<bool>>()).prop_map(|(details, tracked)| revise(details, tracked).into()),
        Just(ArchiveProduct {}.into()),
    ]
}

fn tracked(state: &State) -> Option<bool> {
    match state {
        State::Unknown => None,
        State::Listed(details) | State::Archived(details) => Some(details.tracked),
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_a_product_stays_what_it_is(commands in prop::collection::vec(some_command(), 0..30)) {
        let mut state = State::default();
        for command in commands {
            let before = state.clone();
            if let Ok(Some(event)) = Product::decide(&state, &command, Timestamp::UNIX_EPOCH) {
                state = Product::evolve(state, &event);
                prop_assert!(!matches!(before, State::Archived(_)), "an archived product changed");
                prop_assert!(before == State::Unknown || tracked(&before) == tracked(&state));
                prop_assert_ne!(&before, &state);
            }
            // No command needs its id to be known again: once more it is nothing, or a refusal.
            let again = Product::decide(&state, &command, Timestamp::UNIX_EPOCH);
            prop_assert!(!matches!(again, Ok(Some(_))), "{again:?}");
        }
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..20)),
    ) {
        assert_twice_adds_nothing::<Product>("85123A", &story);
    }
}
