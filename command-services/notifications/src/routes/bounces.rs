//! `POST /notifications/bounces`: a mail that came to the address for bounces, as it came. A mail server pipes it to
//! `tillroll bounce`, which sends it here.

use super::{Messages, NOTIFICATIONS};
use crate::bounces::{Bounce, read_bounce};
use crate::notification::Notification;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde::Serialize;
use std::sync::Arc;
use tillroll_command_http::{EXECUTE_WITHIN, problem_of};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, LARGE_BODY, Problem, Scope, problems, read_body};
use tillroll_schemas::NotificationId;
use tillroll_schemas::notification::Channel;

/// Whoever takes in mails that came back.
pub(super) struct BounceNotifications;

impl Scope for BounceNotifications {
    const NAME: &'static str = "notifications:bounce";
}

/// What the mail said.
#[derive(Debug, Serialize)]
struct BounceBody {
    /// Of which notification it is a failure report; nothing if it is none of ours.
    notification_id: Option<NotificationId>,
    /// Why the mail came back (RFC 3463).
    status: Option<String>,
    /// Whether the notification counts as bounced now.
    bounced: bool,
}

/// Records that a mail came back. What is no report of a failure is read and forgotten.
pub(super) async fn record(
    State(messages): State<Arc<Messages>>,
    allowed: Allowed<BounceNotifications>,
    headers: CommandHeaders,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let (head, body) = request.into_parts();
    is_a_mail(&head.headers)?;
    let mail = read_body(&head.headers, body, LARGE_BODY).await?;
    let Some(bounce) = read_bounce(&mail, &messages.domain) else {
        return Ok(CommandAnswer::ok(BounceBody { notification_id: None, status: None, bounced: false }));
    };
    let path = format!("{NOTIFICATIONS}/bounces");
    let named = messages.keys.name::<Notification>(&allowed.caller, &headers, "POST", &path, &mail).await?;
    let request = named.request(bounce.notification.to_string(), bounce.command().into());
    let answered = messages.notifications.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)?;
    let message = answered.answer.as_ref();
    let bounced = message
        .is_some_and(|message| message.deliveries.get(&Channel::Email).is_some_and(|delivery| delivery.is_bounced()));
    let Bounce { notification, status } = bounce;
    let body = BounceBody { notification_id: Some(notification), status: Some(status), bounced };
    Ok(messages.keys.answer_of(&answered, CommandAnswer::ok(body)))
}

fn is_a_mail(headers: &HeaderMap) -> Result<(), Problem> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = said.split(';').next().unwrap_or_default().trim();
    match media_type.eq_ignore_ascii_case("message/rfc822") && !headers.contains_key(header::CONTENT_ENCODING) {
        true => Ok(()),
        false => Err(Problem::new(&problems::UNSUPPORTED_MEDIA_TYPE).detail("this route takes message/rfc822")),
    }
}
