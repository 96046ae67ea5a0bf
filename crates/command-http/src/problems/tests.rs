//! From the log's answers to problems: the documented statuses, for codes that the catalogue knows.

use super::*;
use axum::http::StatusCode;

#[derive(Clone, Debug)]
struct No(&'static str);

impl Rejection for No {
    fn code(&self) -> &'static str {
        self.0
    }
    fn detail(&self) -> String {
        "no".to_owned()
    }
}

#[test]
fn the_log_answers_with_the_documented_statuses() {
    let cases = [
        (ExecuteError::Rejected(No("sku_taken")), StatusCode::CONFLICT, "sku_taken"),
        (ExecuteError::Rejected(No("not_found")), StatusCode::NOT_FOUND, "not_found"),
        (ExecuteError::VersionMismatch { current: Version(3) }, StatusCode::PRECONDITION_FAILED, "version_mismatch"),
        (ExecuteError::KeyReused, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
        (ExecuteError::Overloaded, StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
        (ExecuteError::Unavailable, StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (ExecuteError::Failed, StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    ];
    for (error, status, code) in cases {
        let problem = problem_of(error);
        assert_eq!((problem.status(), problem.code()), (status, code));
    }
}

#[test]
fn a_rejection_that_the_catalogue_lacks_is_a_fault_here() {
    assert_eq!(rejected(&No("nobody_wrote_me_down")).code(), "internal");
}
