//! Why a user says no.

use tillroll_log::Rejection;

/// The business "no" of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRejection {
    /// There is no such user, or none any more.
    NotFound,
    /// His registration is not over.
    RegistrationInProgress,
    /// His account is locked.
    Suspended,
    /// A change of his address is not over.
    EmailChangeInProgress,
    /// The token was never sent, was used, replaced, or is too old.
    TokenInvalid,
    /// His password was verified, but something changed since that matters.
    CredentialsChanged,
    /// Everybody is something to the shop.
    NoRoles,
}

impl UserRejection {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::NotFound,
        Self::RegistrationInProgress,
        Self::Suspended,
        Self::EmailChangeInProgress,
        Self::TokenInvalid,
        Self::CredentialsChanged,
        Self::NoRoles,
    ];
}

impl Rejection for UserRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::RegistrationInProgress => "registration_in_progress",
            Self::Suspended => "user_suspended",
            Self::EmailChangeInProgress => "email_change_in_progress",
            Self::TokenInvalid => "single_use_token_invalid",
            Self::CredentialsChanged => "credentials_changed",
            Self::NoRoles => "no_roles",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound => "there is no such user",
            Self::RegistrationInProgress => "the registration is not over yet",
            Self::Suspended => "the account is suspended",
            Self::EmailChangeInProgress => "a change of the e-mail address is not over yet",
            Self::TokenInvalid => "the token was used or replaced, or is too old: ask for another one",
            Self::CredentialsChanged => "the password or what the user may do has changed meanwhile: try again",
            Self::NoRoles => "a user has at least one role",
        }
        .to_owned()
    }
}
