//! What a user is told because of what happened to his account. Of his end nobody is told: his address became unreadable
//! with it, and to keep it for one more mail would be to remember whom one was asked to forget. The receipt says it.

use super::Commands;
use tillroll_log::Cause;
use tillroll_schemas::UserId;
use tillroll_schemas::notification::{
    AccountReinstated, AccountSuspended, Content, EmailChanged, PasswordChanged, QueueNotification, ResetPassword,
    VerifyEmail,
};
use tillroll_schemas::user::UserEvent;

/// The messages that the event causes, each under a step of its own.
pub(super) fn because_of(cause: &Cause, user_id: UserId, event: &UserEvent) -> Commands {
    // Events have ids that say when they were decided.
    let changed_at = cause.id.decided_at().unwrap_or_default();
    let (step, content) = match event {
        UserEvent::EmailVerificationRequested(requested) => {
            let (request_id, expires_at) = (requested.request_id, requested.expires_at);
            ("tell/verify-email", Content::VerifyEmail(VerifyEmail { request_id, expires_at }))
        }
        UserEvent::PasswordResetRequested(requested) => {
            let (request_id, expires_at) = (requested.request_id, requested.expires_at);
            ("tell/reset-password", Content::ResetPassword(ResetPassword { request_id, expires_at }))
        }
        UserEvent::EmailChanged(changed) => {
            let change = changed.claim.hold;
            ("tell/email-changed", Content::EmailChanged(EmailChanged { changed_at, change }))
        }
        UserEvent::PasswordChanged(_) => {
            ("tell/password-changed", Content::PasswordChanged(PasswordChanged { changed_at }))
        }
        UserEvent::Suspended(_) => {
            let suspended_at = changed_at;
            ("tell/suspended", Content::AccountSuspended(AccountSuspended { suspended_at }))
        }
        UserEvent::Reinstated(_) => {
            let reinstated_at = changed_at;
            ("tell/reinstated", Content::AccountReinstated(AccountReinstated { reinstated_at }))
        }
        UserEvent::RegistrationStarted(_)
        | UserEvent::ClaimsAnswered(_)
        | UserEvent::ClaimsReserved(_)
        | UserEvent::Activated(_)
        | UserEvent::RegistrationFailed(_)
        | UserEvent::StepOverdue(_)
        | UserEvent::ClaimsReleased(_)
        | UserEvent::ClaimExpiryAnswered(_)
        | UserEvent::ProfileChanged(_)
        | UserEvent::RolesChanged(_)
        | UserEvent::PasswordRehashed(_)
        | UserEvent::EmailVerified(_)
        | UserEvent::TokenExpired(_)
        | UserEvent::EmailChangeStarted(_)
        | UserEvent::EmailChangeFailed(_)
        | UserEvent::Erased(_) => return Ok(Vec::new()),
    };
    Ok(vec![QueueNotification::because_of(cause, step, user_id, content)?])
}

#[cfg(test)]
mod tests;
