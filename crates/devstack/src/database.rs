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
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(plain) || name.len() > 63 {
        return Err(StackError::DatabaseName { name: name.to_owned() });
    }
    // The name is checked above; CREATE DATABASE takes no parameters.
    let statement = format!("CREATE DATABASE {name}");
    match with_client(url, async |client| client.batch_execute(&statement).await).await {
        Err(error) if error.code() == Some(&SqlState::DUPLICATE_DATABASE) => Ok(()),
        Err(source) => Err(StackError::Sql { doing: format!("create database {name}"), source }),
        Ok(()) => Ok(()),
    }
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
