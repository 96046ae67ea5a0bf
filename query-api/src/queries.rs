//! What every route shares: the database, the keys, and how fresh the read models are.

use crate::answer::Reading;
use crate::failure;
use crate::freshness::{Freshness, Reads};
use crate::{EndOffsets, routes};
use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;
use tillroll_http::{IdentityVerifier, Keys, Problem, QueryHeaders, TokenKey, Verifies, problems};
use tillroll_postgres::{Param, Pool, Row};
use tillroll_telemetry::Shutdown;

/// The state of the routes.
pub(crate) struct Queries {
    pool: Pool,
    tokens: TokenKey,
    identities: IdentityVerifier,
    freshness: Freshness,
}

impl Verifies for Queries {
    fn identities(&self) -> &IdentityVerifier {
        &self.identities
    }
}

/// The routes of the query API, with the tasks that watch how fresh the read models are until `shutdown` is requested.
///
/// `pool` should be read-only; its patience is the longest that a query may take. Neither the database nor the log has
/// to be there yet.
pub fn start(pool: Pool, keys: &Keys, ends: impl EndOffsets, shutdown: &Shutdown) -> Router {
    let freshness = Freshness::watch(pool.clone(), ends, shutdown);
    let (tokens, identities) = (keys.consistency.clone(), keys.identity.verifier());
    routes::router(Arc::new(Queries { pool, tokens, identities, freshness }))
}

impl Queries {
    /// Waits for the request's consistency token, then lets `answer` read. Whatever comes of it, an answer or a
    /// problem, says how fresh the read models were at least.
    pub(crate) async fn answered<'a, F>(
        &self,
        headers: &'a HeaderMap,
        reads: Reads,
        answer: impl FnOnce(Reading<'a>) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Response, Problem>>,
    {
        let asked = QueryHeaders::read(headers)?;
        let token = asked.consistency.decode(&self.tokens)?;
        let reached = self.freshness.reach(reads, &token, asked.wait).await;
        let fresh = self.freshness.now(reads);
        let answered = match reached {
            Ok(()) => answer(Reading::new(headers, fresh.clone())).await,
            Err(problem) => Err(problem),
        };
        answered.map_err(|problem| fresh.told_by(problem))
    }

    /// The rows of a query.
    pub(crate) async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Problem> {
        self.pool.rows(sql, params).await.map_err(|error| failure::of_database(&error))
    }

    /// The only row of a query; 404 if there is none.
    pub(crate) async fn one(&self, sql: &str, params: &[Param<'_>]) -> Result<Row, Problem> {
        let row = self.pool.row(sql, params).await.map_err(|error| failure::of_database(&error))?;
        row.ok_or_else(|| Problem::new(&problems::NOT_FOUND))
    }
}
