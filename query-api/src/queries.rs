//! What every route shares: the database, the keys, and how fresh the read models are.

use crate::answer::Reading;
use crate::failure;
use crate::freshness::{Freshness, Reads};
use crate::pdf::Printer;
use crate::{EndOffsets, routes};
use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use std::sync::Arc;
use std::time::Duration;
use tillroll_http::{IdentityVerifier, Keys, Problem, QueryHeaders, TokenKey, Verifies, problems};
use tillroll_postgres::{Param, Pool, Row};
use tillroll_schemas::Sealed;
use tillroll_telemetry::Shutdown;
use tillroll_vault::{FiscalTerm, Opened, Vault};
use uuid::Uuid;

/// The state of the routes.
pub(crate) struct Queries {
    pool: Pool,
    tokens: TokenKey,
    identities: IdentityVerifier,
    freshness: Freshness,
    vault: Option<Vault>,
    term: FiscalTerm,
    pub(crate) printer: Printer,
}

impl Verifies for Queries {
    fn identities(&self) -> &IdentityVerifier {
        &self.identities
    }
}

/// The routes of the query API, with the tasks that watch how fresh the read models are until `shutdown` is requested.
///
/// `pool` should be read-only; its patience is the longest that a query may take. Neither the database nor the log has
/// to be there yet. Without a vault nothing personal is answered: 503. `term` is for how long documents are kept.
pub fn start(
    pool: Pool,
    vault: Option<Vault>,
    term: FiscalTerm,
    keys: &Keys,
    ends: impl EndOffsets,
    shutdown: &Shutdown,
) -> Router {
    let freshness = Freshness::watch(pool.clone(), ends, shutdown);
    let (tokens, identities) = (keys.consistency.clone(), keys.identity.verifier());
    routes::router(Arc::new(Queries { pool, tokens, identities, freshness, vault, term, printer: Printer::default() }))
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

    /// Personal data in the clear, for an answer; nothing where the person was erased.
    pub(crate) async fn opened(&self, sealed: &[(Uuid, &str, &Sealed)]) -> Result<Vec<Option<String>>, Problem> {
        if sealed.is_empty() {
            return Ok(Vec::new());
        }
        let opened = self.vault()?.open_all(sealed).await.map_err(|error| failure::of_vault(&error))?;
        let text = |opened| match opened {
            Opened::Text(text) => Some(text.as_str().to_owned()),
            Opened::Erased => None,
        };
        Ok(opened.into_iter().map(text).collect())
    }

    /// How long ago the person's key was destroyed; nothing if it was not.
    pub(crate) async fn destroyed(&self, person: Uuid) -> Result<Option<Duration>, Problem> {
        self.vault()?.destroyed(person).await.map_err(|error| failure::of_vault(&error))
    }

    /// Until when the person stands on documents; nothing if no document shows him.
    pub(crate) async fn kept_until(&self, person: Uuid) -> Result<Option<NaiveDate>, Problem> {
        let last = self.vault()?.last_fiscal_year(person).await.map_err(|error| failure::of_vault(&error))?;
        Ok(last.map(|year| self.term.until(year)))
    }

    fn vault(&self) -> Result<&Vault, Problem> {
        let none = || Problem::new(&problems::UNAVAILABLE).detail("personal data cannot be opened here");
        self.vault.as_ref().ok_or_else(none)
    }
}
