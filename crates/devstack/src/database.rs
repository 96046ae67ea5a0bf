//! The few statements that a stack needs itself: is PostgreSQL there, and make a database.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};

use crate::StackError;

/// Connects and asks for 1.
pub(crate) async fn ask(url: &str) -> Result<(), Error> {
    with_client(url, async |client| client.simple_query("SELECT 1").await.map(drop)).await
}

/// Makes a database. One that exists already is left as it is.
pub(crate) async fn create(url: &str, name: &str) -> Result<(), StackError> {
    check_name(name)?;
    // The name is checked above; CREATE DATABASE takes no parameters.
    let statement = format!("CREATE DATABASE {name}");
    match with_client(url, async |client| client.batch_execute(&statement).await).await {
        Err(error) if error.code() == Some(&SqlState::DUPLICATE_DATABASE) => Ok(()),
        Err(source) => Err(StackError::Sql { doing: format!("create database {name}"), source }),
        Ok(()) => Ok(()),
    }
}

/// Makes a role with this password and a database of its own, both of this name; whoever else may log in cannot enter
/// it, but for superusers. What exists already is left as it is, but for the password. `password` is letters and digits.
pub(crate) async fn create_private(url: &str, name: &str, password: &str) -> Result<(), StackError> {
    check_name(name)?;
    let failed = |source| StackError::Sql { doing: format!("create role {name}"), source };
    with_client(url, async |client| {
        // Asked first: a statement that fails stands in the server's log, password and all.
        let known = client.query_opt("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", &[&name]).await?;
        let verb = if known.is_some() { "ALTER" } else { "CREATE" };
        client.batch_execute(&format!("{verb} ROLE {name} LOGIN PASSWORD '{password}'")).await
    })
    .await
    .map_err(failed)?;
    create(url, name).await?;
    let close = format!("ALTER DATABASE {name} OWNER TO {name}; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC");
    let failed = |source| StackError::Sql { doing: format!("close database {name} to others"), source };
    with_client(url, async |client| client.batch_execute(&close).await).await.map_err(failed)
}

/// Names go into statements as they are.
fn check_name(name: &str) -> Result<(), StackError> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(plain) || name.len() > 63 {
        return Err(StackError::DatabaseName { name: name.to_owned() });
    }
    Ok(())
}

/// The same server and database, another role: `postgres://u:p@h:1/one` → `postgres://v:q@h:1/one`.
pub(crate) fn with_role(url: &str, name: &str, password: &str) -> String {
    let authority = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[authority..].find(['/', '?']).map_or(url.len(), |end| authority + end);
    let host = url[authority..end].rfind('@').map_or(authority, |at| authority + at + 1);
    format!("{}{name}:{password}@{}", &url[..authority], &url[host..])
}

/// The same server, another database: `postgres://u:p@h:1/one?x=y` → `postgres://u:p@h:1/two?x=y`.
pub(crate) fn with_name(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let authority = address.find("://").map_or(0, |scheme| scheme + 3);
    let end = address[authority..].find('/').map_or(address.len(), |slash| authority + slash);
    let parameters = parameters.map(|rest| format!("?{rest}")).unwrap_or_default();
    format!("{}/{name}{parameters}", &address[..end])
}

/// One connection for one piece of work; no task is left behind.
async fn with_client<T>(url: &str, work: impl AsyncFnOnce(&Client) -> Result<T, Error>) -> Result<T, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let working = async move {
        let result = work(&client).await;
        // The connection says good-bye and ends when its client is gone.
        drop(client);
        result
    };
    let (result, _closed) = tokio::join!(working, connection);
    result
}

#[cfg(test)]
mod tests;
