//! `GET /products` and `GET /products/{sku}`, for everybody.

use super::place::{place, stock_place};
use super::select::{Conditions, counted};
use crate::answer::Table;
use crate::failure::{column, money};
use crate::freshness::Reads;
use crate::paging::{CursorKey, Paging};
use crate::queries::Queries;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_http::{PathId, Problem, StrictQuery};
use tillroll_postgres::Row;
use tillroll_schemas::{Money, Sku};

const ONE: &str = "
    SELECT p.sku, p.name, p.description, p.category, p.price_amount, p.currency, p.tax_rate, p.tracked, p.archived,
        p.version, s.on_hand - s.reserved - s.committed, p.at_partition, p.at_offset, s.version, s.at_partition, s.at_offset
    FROM catalog.product AS p
    LEFT JOIN inventory.stock AS s ON s.sku = p.sku
    WHERE p.sku = $1";

/// What the list is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    category: Option<String>,
    /// Archived products are left out unless this is true.
    #[serde(default)]
    archived: bool,
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A product as a client sees it.
#[derive(Debug, Serialize)]
struct Product {
    sku: String,
    name: String,
    description: String,
    category: Option<String>,
    price: Money,
    tax_rate: i32,
    tracked: bool,
    archived: bool,
    version: i64,
    /// Nothing if no stock is kept.
    available: Option<i64>,
}

impl Product {
    fn of(row: &Row) -> Result<Self, Problem> {
        let tracked = column(row, 7)?;
        Ok(Self {
            sku: column(row, 0)?,
            name: column(row, 1)?,
            description: column(row, 2)?,
            category: column(row, 3)?,
            price: money(row, 4, 5)?,
            tax_rate: column(row, 6)?,
            tracked,
            archived: column(row, 8)?,
            version: column(row, 9)?,
            available: if tracked { Some(column::<Option<i64>>(row, 10)?.unwrap_or(0)) } else { None },
        })
    }
}

/// One product, archived or not.
pub(crate) async fn one(
    State(queries): State<Arc<Queries>>,
    PathId(sku): PathId<Sku>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    queries
        .answered(&headers, Reads::Products, |reading| async {
            let row = queries.one(ONE, &[&sku.as_str()]).await?;
            let product = Product::of(&row)?;
            reading.public().one(
                product.version,
                format_args!("{}.{}", place(&row, 11)?, stock_place(&row, 13)?),
                &product,
            )
        })
        .await
}

/// The last SKU that was seen.
struct Key(String);

impl CursorKey for Key {
    fn write(&self) -> String {
        self.0.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Sku::parse(text).ok().map(|sku| Self(sku.to_string()))
    }
}

/// Products in the order of their SKUs.
pub(crate) async fn list(
    State(queries): State<Arc<Queries>>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let paging = Paging::<Key>::of("products", asked.page, asked.limit, asked.cursor.as_deref())?;
    queries
        .answered(&headers, Reads::Products, |reading| async {
            let (sql, conditions) = statement(asked, &paging);
            let rows = queries.rows(&sql, &conditions.params()).await?;
            let (products, total) = counted(&rows, 11, Product::of)?;
            let list = paging.list(products, total, |product| Key(product.sku.clone()));
            reading.public().list(&list.extent(), &list, |list| table(list.items()))
        })
        .await
}

/// One statement for both: what is on the page, and how many there are in all if pages are numbered.
fn statement(asked: Asked, paging: &Paging<Key>) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    if let Some(category) = asked.category {
        conditions.and("p.category = ?", category);
    }
    if !asked.archived {
        conditions.and("p.archived = ?", false);
    }
    let total = conditions.total("catalog.product AS p", paging);
    if let Some(Key(sku)) = paging.after() {
        conditions.and("p.sku > ?", sku.clone());
    }
    let (limit, offset) = conditions.window(paging);
    let sql = format!(
        "SELECT p.sku, p.name, p.description, p.category, p.price_amount, p.currency, p.tax_rate, p.tracked, p.archived,
            p.version, s.on_hand - s.reserved - s.committed, c.total
        FROM (SELECT {total} AS total) AS c
        LEFT JOIN (
            SELECT p.sku, p.name, p.description, p.category, p.price_amount, p.currency, p.tax_rate, p.tracked, p.archived,
                p.version
            FROM catalog.product AS p {}
            ORDER BY p.sku LIMIT {limit} OFFSET {offset}
        ) AS p ON TRUE
        LEFT JOIN inventory.stock AS s ON s.sku = p.sku
        ORDER BY p.sku",
        conditions.sql(),
    );
    (sql, conditions)
}

fn table(products: &[Product]) -> Table {
    let row = |product: &Product| {
        vec![
            product.sku.clone(),
            product.name.clone(),
            product.description.clone(),
            product.category.clone().unwrap_or_default(),
            product.price.amount.to_string(),
            product.price.currency.to_string(),
            product.tax_rate.to_string(),
            product.tracked.to_string(),
            product.archived.to_string(),
            product.version.to_string(),
            product.available.map(|pieces| pieces.to_string()).unwrap_or_default(),
        ]
    };
    let columns = &[
        "sku",
        "name",
        "description",
        "category",
        "price_amount",
        "currency",
        "tax_rate",
        "tracked",
        "archived",
        "version",
        "available",
    ];
    Table { columns, rows: products.iter().map(row).collect() }
}
