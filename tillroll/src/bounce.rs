//! `tillroll bounce`: hands a mail that came to the address for bounces to the installation, as it came.

use crate::Failure;
use crate::config::Config;
use crate::import::client::{Ask, Client};
use crate::import::patience::Patience;
use crate::token;
use clap::Args;
use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use uuid::Uuid;

/// How long the token that it mints for itself is good.
const TOKEN_FOR: Duration = Duration::from_secs(300);
/// A mail that is larger is no report about one of ours.
const LARGEST: u64 = 1024 * 1024;

/// A mail server pipes each mail for the address in TILLROLL_MAIL_BOUNCES_TO here, as by an alias of Postfix:
/// `bounces: "|/usr/local/bin/tillroll bounce"`. TILLROLL_URL says where the shop is, TILLROLL_TOKEN who asks: whoever
/// has the scope notifications:bounce.
///
/// A mail that reports no failed delivery, or not of a mail of ours, is read and forgotten. Exit 75 asks the mail server
/// to try again later.
#[derive(Args)]
pub struct BounceArgs {
    /// The mail as it came; standard input without it.
    file: Option<PathBuf>,
    /// The public door [TILLROLL_URL, or that of the running `tillroll up`].
    #[arg(long)]
    url: Option<String>,
}

/// `EX_TEMPFAIL` of sysexits.h: mail servers keep the mail and try again.
const TRY_AGAIN: u8 = 75;

#[expect(clippy::print_stdout, reason = "the command's output")]
pub async fn run(args: BounceArgs, config: Config) -> Result<ExitCode, Failure> {
    let mail = read(args.file)?;
    let token = match &config.token {
        Some(token) => token.clone(),
        None => token::staff(&config, TOKEN_FOR)?,
    };
    let url = args.url.unwrap_or_else(|| config.gateway_url());
    let client = Client::new(&url, &token, Patience::new(Duration::ZERO))?;
    // The same mail, delivered here twice, is one command.
    let key = format!("bounce/{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, &mail));
    let raw = Some(("message/rfc822", Bytes::from(mail)));
    let path = "/notifications/bounces".to_owned();
    let ask = Ask { method: Method::POST, key: Some(key), raw, ..Ask::get(path) };
    match client.once(&ask).await? {
        Ok(answer) if answer.status.is_success() => {
            match answer.body["notification_id"].as_str() {
                Some(id) => {
                    println!("notification {id}: {}, bounced: {}", answer.text("status"), answer.body["bounced"])
                }
                None => println!("no report of a mail of ours that came back"),
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(answer) if is_the_mails_fault(answer.status) => {
            Err(format!("{} {}: {}", answer.status.as_u16(), answer.text("code"), answer.text("detail")).into())
        }
        Ok(answer) => {
            println!("{url} cannot take it now: {} {}", answer.status, answer.text("code"));
            Ok(ExitCode::from(TRY_AGAIN))
        }
        Err(why) => {
            println!("{url} does not answer: {why}");
            Ok(ExitCode::from(TRY_AGAIN))
        }
    }
}

/// Whether it is refused however often it comes. Anything else, as a token that has ended, is mended here, and the mail
/// must be there then: whatever is not [`TRY_AGAIN`] a mail server takes for the end of it.
fn is_the_mails_fault(refused: StatusCode) -> bool {
    matches!(
        refused,
        StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
    )
}

fn read(file: Option<PathBuf>) -> Result<Vec<u8>, Failure> {
    let mut mail = Vec::new();
    match file {
        Some(path) => std::fs::File::open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?
            .take(LARGEST)
            .read_to_end(&mut mail)?,
        None => std::io::stdin().lock().take(LARGEST).read_to_end(&mut mail)?,
    };
    Ok(mail)
}

#[cfg(test)]
mod tests {
    //! Which mails are lost for good.

    use super::*;

    #[test]
    fn a_mail_is_given_up_for_its_own_faults_alone() {
        for (status, lost) in [
            (400, true),
            (401, false),
            (403, false),
            (404, false),
            (408, false),
            (409, false),
            (413, true),
            (415, true),
            (422, true),
            (429, false),
            (500, false),
            (503, false),
        ] {
            assert_eq!(is_the_mails_fault(StatusCode::from_u16(status).unwrap()), lost, "{status}");
        }
    }
}
