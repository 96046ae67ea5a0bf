//! `sessions`: log-ins, and how they ended.

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Timestamp};
use tillroll_postgres::{Error, Param, Transaction, execute};
use tillroll_schemas::catalogue;
use tillroll_schemas::session::{Opened, Revocation, SessionEvent};
use uuid::Uuid;

/// The read model `people.session`.
pub struct Sessions;

/// What a batch changes, by session.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<Uuid, Change>);

#[derive(Debug, Default, PartialEq)]
struct Change {
    opened: Option<(Opened, Timestamp)>,
    refreshed_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    ended: Option<&'static str>,
    version: i64,
    partition: i32,
    offset: i64,
}

const ADD: &str = "
    INSERT INTO people.session (session_id, user_id, epoch, device, opened_at, expires_at, version, at_partition, at_offset)
    SELECT n.session_id, n.user_id, n.epoch, n.device, n.opened_at, n.expires_at, 0, 0, 0
    FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[])
        AS n (session_id, user_id, epoch, device, opened_at, expires_at)
    WHERE n.user_id IS NOT NULL
    ON CONFLICT (session_id) DO NOTHING";

const CHANGE: &str = "
    UPDATE people.session AS s
    SET refreshed_at = COALESCE(n.refreshed_at, s.refreshed_at), expires_at = COALESCE(n.expires_at, s.expires_at),
        ended = COALESCE(n.ended, s.ended),
        version = n.version, at_partition = n.at_partition, at_offset = n.at_offset
    FROM UNNEST($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::bigint[], $6::integer[], $7::bigint[])
        AS n (session_id, refreshed_at, expires_at, ended, version, at_partition, at_offset)
    WHERE s.session_id = n.session_id";

impl Projection for Sessions {
    const NAME: &'static str = "sessions";
    const TOPICS: &'static [&'static str] = &[catalogue::SESSION.events];
    type Event = SessionEvent;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<SessionEvent, Undecodable> {
        Ok(SessionEvent::decode(&envelope.type_name, value)?)
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, event: &SessionEvent) {
        // Session ids are UUIDs by construction.
        let Ok(session) = envelope.key.parse::<Uuid>() else { return };
        let change = batch.0.entry(session).or_default();
        match event {
            SessionEvent::Opened(opened) => {
                change.opened = Some((opened.clone(), envelope.occurred_at));
            }
            SessionEvent::Refreshed(refreshed) => {
                change.refreshed_at = Some(envelope.occurred_at);
                change.expires_at = Some(refreshed.expires_at);
            }
            SessionEvent::PreviousRetired(_) => {}
            SessionEvent::LoggedOut(_) => change.ended = Some("logged_out"),
            SessionEvent::Revoked(revoked) => change.ended = Some(cause_of(revoked.cause)),
            SessionEvent::Expired(_) => change.ended = Some("expired"),
        }
        (change.version, change.partition) = (envelope.version.0.cast_signed(), envelope.at.partition.0);
        change.offset = envelope.at.offset.0;
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        let sessions: Vec<Uuid> = batch.0.keys().copied().collect();
        let opened = |of: &Change| of.opened.as_ref().map(|(opened, _)| opened.clone());
        let users = column(batch, |change| opened(change).map(|opened| opened.user_id.0));
        let epochs = column(batch, |change| opened(change).map(|opened| opened.epoch.cast_signed()));
        let devices =
            column(batch, |change| opened(change).and_then(|opened| Some(opened.device?.as_str().to_owned())));
        let opened_at = column(batch, |change| change.opened.as_ref().map(|(_, at)| *at));
        let first_end = column(batch, |change| opened(change).map(|opened| opened.expires_at));
        let new: [Param<'_>; 6] = [&sessions, &users, &epochs, &devices, &opened_at, &first_end];
        execute(transaction, ADD, &new).await?;
        let (refreshed, ends) =
            (column(batch, |change| change.refreshed_at), column(batch, |change| change.expires_at));
        let (ended, versions) = (column(batch, |change| change.ended), column(batch, |change| change.version));
        let (partitions, offsets) = (column(batch, |change| change.partition), column(batch, |change| change.offset));
        let changed: [Param<'_>; 7] = [&sessions, &refreshed, &ends, &ended, &versions, &partitions, &offsets];
        execute(transaction, CHANGE, &changed).await.map(drop)
    }
}

fn cause_of(cause: Revocation) -> &'static str {
    match cause {
        Revocation::TokenReused { .. } => "token_reused",
        Revocation::EpochRaised { .. } => "epoch_raised",
        Revocation::ByUser => "by_user",
        Revocation::ByStaff => "by_staff",
    }
}

fn column<'a, T>(batch: &'a Batch, of: impl Fn(&'a Change) -> T) -> Vec<T> {
    batch.0.values().map(of).collect()
}
