//! The adapter's tests, the same with the sandbox and with Stripe's own mock server, which checks every request against
//! Stripe's OpenAPI description. So what the adapter says is what Stripe takes, and the sandbox speaks as Stripe does.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and ends")]

mod conversation;
mod mock;
mod server;
mod shared;

/// Each of these with both.
macro_rules! with_both {
    ($($module:ident::$test:ident),+ $(,)?) => {
        mod with_the_sandbox {
            $(#[tokio::test]
            async fn $test() {
                crate::$module::$test(&crate::server::Server::sandbox().await).await;
            })+
        }

        mod with_stripes_mock_server {
            $(#[tokio::test]
            #[ignore = "needs Stripe's mock server: scripts/stripe-mock has it and runs this"]
            async fn $test() {
                crate::$module::$test(&crate::server::Server::mock()).await;
            })+
        }
    };
}

with_both!(
    conversation::money_is_held_taken_given_back_in_parts_or_let_go,
    shared::a_call_that_is_repeated_under_its_key_has_one_effect,
    shared::a_declined_card_is_refused_with_its_decline_code_and_how_things_stand,
    shared::a_card_that_nobody_knows_is_refused_when_the_intent_is_made,
    shared::whoever_is_not_let_in_knows_nothing,
    shared::whatever_is_in_an_id_it_is_one_part_of_the_way,
    shared::what_is_in_the_wrong_state_is_refused,
    shared::an_amount_is_converted_and_one_without_a_number_is_never_asked_for,
    shared::without_a_place_to_come_back_to_there_is_no_page,
);
