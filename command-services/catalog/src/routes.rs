//! HTTP → commands of products. Who may call, what a body may say, and what is answered; nothing is decided here.

use crate::product::{Listing, Product};
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{post, put};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_command_http::{Checks, CommandKeys, EXECUTE_WITHIN, Named, problem_of};
use tillroll_http::{
    Allowed, CommandAnswer, CommandHeaders, IdentityVerifier, PathId, Problem, Scope, StrictJson, Verifies, problems,
};
use tillroll_log::{Answered, Commands, Version};
use tillroll_schemas::product::{AddProduct, ArchiveProduct, Details, ProductCommand, ReviseProduct};
use tillroll_schemas::{Money, Quantity, Sku, TaxRate};

const PRODUCTS: &str = "/api/v1/products";

/// The router's state.
struct Catalog {
    keys: CommandKeys,
    products: Commands<Product>,
}

impl Verifies for Catalog {
    fn identities(&self) -> &IdentityVerifier {
        self.keys.identities()
    }
}

/// Staff only.
struct CatalogWrite;

impl Scope for CatalogWrite {
    const NAME: &'static str = "catalog:write";
}

/// The routes.
pub(crate) fn router(products: Commands<Product>, keys: CommandKeys) -> Router {
    Router::new()
        .route("/api/v1/products", post(add))
        .route("/api/v1/products/{sku}", put(revise).delete(archive))
        .with_state(Arc::new(Catalog { keys, products }))
}

async fn add(
    State(catalog): State<Arc<Catalog>>,
    allowed: Allowed<CatalogWrite>,
    headers: CommandHeaders,
    body: StrictJson<NewProduct>,
) -> Result<impl IntoResponse, Problem> {
    let (sku, command) = body.value.command()?;
    let location = path(&sku);
    // Under the product's own path: a key names one request among those that add this product.
    let named = catalog.keys.name::<Product>(&allowed.caller, &headers, "POST", &location, &body.canonical).await?;
    let answered = catalog.execute(named, &sku, command.into()).await?;
    let body = ProductBody::of(&sku, &answered)?;
    Ok(catalog.keys.answer_of(&answered, CommandAnswer::created(body, location)))
}

async fn revise(
    State(catalog): State<Arc<Catalog>>,
    allowed: Allowed<CatalogWrite>,
    PathId(sku): PathId<Sku>,
    headers: CommandHeaders,
    body: StrictJson<Revision>,
) -> Result<impl IntoResponse, Problem> {
    let command = body.value.command(&sku)?;
    let named = catalog.keys.name::<Product>(&allowed.caller, &headers, "PUT", &path(&sku), &body.canonical).await?;
    let answered = catalog.execute(named, &sku, command.into()).await?;
    let body = ProductBody::of(&sku, &answered)?;
    Ok(catalog.keys.answer_of(&answered, CommandAnswer::ok(body)))
}

async fn archive(
    State(catalog): State<Arc<Catalog>>,
    allowed: Allowed<CatalogWrite>,
    PathId(sku): PathId<Sku>,
    headers: CommandHeaders,
) -> Result<impl IntoResponse, Problem> {
    let named = catalog.keys.name::<Product>(&allowed.caller, &headers, "DELETE", &path(&sku), b"").await?;
    let answered = catalog.execute(named, &sku, ArchiveProduct {}.into()).await?;
    let body = ProductBody::of(&sku, &answered)?;
    Ok(catalog.keys.answer_of(&answered, CommandAnswer::ok(body)))
}

impl Catalog {
    async fn execute(&self, named: Named, sku: &Sku, command: ProductCommand) -> Result<Answered<Product>, Problem> {
        self.products.execute(named.request(sku.as_str(), command), EXECUTE_WITHIN).await.map_err(problem_of)
    }
}

fn path(sku: &Sku) -> String {
    format!("{PRODUCTS}/{sku}")
}

/// `POST /products`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewProduct {
    sku: Sku,
    name: String,
    #[serde(default)]
    description: String,
    category: Option<String>,
    price: Money,
    #[serde(default)]
    tax_rate: TaxRate,
    #[serde(default = "kept")]
    tracked: bool,
    #[serde(default)]
    initial_stock: i64,
}

/// Stock is kept of a product unless it is said that it is not.
fn kept() -> bool {
    true
}

impl NewProduct {
    fn command(self) -> Result<(Sku, AddProduct), Problem> {
        let Self { sku, name, description, category, price, tax_rate, tracked, initial_stock } = self;
        let mut checks = Checks::new();
        check_texts(&mut checks, &name, &description, category.as_deref());
        check_price(&mut checks, price);
        let initial_stock = match initial_stock {
            0 => None,
            pieces => checks.take(Quantity::new(pieces), "/initial_stock"),
        };
        checks.require(tracked || initial_stock.is_none(), "/initial_stock", "nothing, where no stock is kept");
        checks.finish()?;
        let details = Details { name, description, category, price, tax_rate, tracked };
        Ok((sku, AddProduct { details, initial_stock }))
    }
}

/// `PUT /products/{sku}`: all of it anew, but for what never changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revision {
    sku: Option<Sku>,
    name: String,
    #[serde(default)]
    description: String,
    category: Option<String>,
    price: Money,
    #[serde(default)]
    tax_rate: TaxRate,
    tracked: Option<bool>,
}

impl Revision {
    fn command(self, of: &Sku) -> Result<ReviseProduct, Problem> {
        let Self { sku, name, description, category, price, tax_rate, tracked } = self;
        let mut checks = Checks::new();
        checks.require(sku.is_none_or(|sku| sku == *of), "/sku", "the SKU in the path, or left out");
        check_texts(&mut checks, &name, &description, category.as_deref());
        check_price(&mut checks, price);
        checks.finish()?;
        Ok(ReviseProduct { name, description, category, price, tax_rate, tracked })
    }
}

fn check_texts(checks: &mut Checks, name: &str, description: &str, category: Option<&str>) {
    checks.line(name, 1..=200, "/name");
    checks.text(description, 4_000, "/description");
    if let Some(category) = category {
        checks.line(category, 1..=100, "/category");
    }
}

fn check_price(checks: &mut Checks, price: Money) {
    checks.require(price.amount >= 0, "/price/amount", "0 or more");
    checks.require(price.currency.is_in_use(), "/price/currency", "the ISO 4217 code of a currency in use");
}

/// The resource.
#[derive(Debug, Serialize)]
struct ProductBody {
    sku: Sku,
    name: String,
    description: String,
    category: Option<String>,
    price: Money,
    tax_rate: TaxRate,
    tracked: bool,
    archived: bool,
    version: u64,
}

impl ProductBody {
    fn of(sku: &Sku, answered: &Answered<Product>) -> Result<Self, Problem> {
        let Version(version) = answered.version;
        // A command that was not refused found a product or made one.
        let Listing { details, archived } = answered.answer.clone().ok_or(Problem::new(&problems::NOT_FOUND))?;
        let Details { name, description, category, price, tax_rate, tracked } = Arc::unwrap_or_clone(details);
        let sku = sku.clone();
        Ok(Self { sku, name, description, category, price, tax_rate, tracked, archived, version })
    }
}

#[cfg(test)]
mod tests;
