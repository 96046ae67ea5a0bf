//! Who may write a partition, decided by the partition itself. Every reader feeds this one value with every record in
//! offset order, and so all readers agree, for ever, on which records exist.

use crate::rules::{Rule, kept};
use crate::{ClaimId, Ordinal};
use serde::{Deserialize, Serialize};

/// What the arbiter looks at in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// "From here on I write this partition", said by whoever had seen `previous` as the last claim.
    Claim {
        /// The new claim.
        claim: ClaimId,
        /// The claim that it replaces; none on an empty log.
        previous: Option<ClaimId>,
    },
    /// An event, a settled record or a mark.
    Entry {
        /// Under which claim it was written.
        claim: ClaimId,
        /// Its place within that claim.
        ordinal: Ordinal,
    },
    /// Not a record of the protocol.
    Unreadable,
}

/// What the arbiter says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A claim took the partition over.
    Claimed,
    /// The record exists.
    Admitted,
    /// It does not exist, for nobody.
    Void(Void),
}

/// Why a record is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Void {
    /// A claim that replaces another claim than the present one: somebody was first.
    LostClaim,
    /// Written under a claim that is not the present one.
    OldClaim,
    /// Its place is taken already.
    Duplicate,
    /// One before it is missing.
    Gap,
    /// Not of the protocol.
    Unreadable,
}

/// The present claim and the next ordinal under it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Arbiter {
    /// The last claim that was admitted.
    pub claim: Option<ClaimId>,
    /// The ordinal that the next record under it must have.
    pub next_ordinal: Ordinal,
}

impl Arbiter {
    /// Takes the next record of the partition, in offset order.
    pub fn judge(&mut self, stamp: Stamp) -> Verdict {
        match stamp {
            Stamp::Claim { claim, previous }
                if (previous == self.claim || !kept(Rule::ClaimChain)) && self.claim != Some(claim) =>
            {
                *self = Self { claim: Some(claim), next_ordinal: Ordinal(0) };
                Verdict::Claimed
            }
            Stamp::Claim { .. } => Verdict::Void(Void::LostClaim),
            Stamp::Entry { claim, .. } if kept(Rule::ClaimCheck) && self.claim != Some(claim) => {
                Verdict::Void(Void::OldClaim)
            }
            Stamp::Entry { ordinal, .. } if kept(Rule::Duplicates) && ordinal < self.next_ordinal => {
                Verdict::Void(Void::Duplicate)
            }
            Stamp::Entry { ordinal, .. } if kept(Rule::Gaps) && ordinal > self.next_ordinal => Verdict::Void(Void::Gap),
            Stamp::Entry { .. } => {
                self.next_ordinal = self.next_ordinal.next();
                Verdict::Admitted
            }
            Stamp::Unreadable => Verdict::Void(Void::Unreadable),
        }
    }
}

#[cfg(test)]
mod tests;
