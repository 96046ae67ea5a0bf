//! Rules of the protocol that a model takes out to show that it would notice. Outside this crate's own tests every rule
//! is kept, by a constant: nothing of this is in a build that ships.

/// A rule that can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A claim replaces the present one, or it is void.
    ClaimChain,
    /// A record under another claim than the present one is void.
    ClaimCheck,
    /// A record whose ordinal is taken is void.
    Duplicates,
    /// A record before which one is missing is void.
    Gaps,
    /// An answer that rests on no record of its own waits for one (rule 5).
    Barrier,
    /// A topic command from below its reactor's floor is a repeat.
    Floors,
    /// The inbox does not pass a command that waits.
    InboxOrder,
}

/// Whether the rule holds.
#[cfg(not(test))]
pub(crate) const fn kept(_: Rule) -> bool {
    true
}

#[cfg(test)]
pub(crate) use taken_out::{kept, without};

#[cfg(test)]
mod taken_out {
    use super::Rule;
    use std::cell::Cell;

    thread_local!(static TAKEN_OUT: Cell<Option<Rule>> = const { Cell::new(None) });

    /// Whether the rule holds, on this thread and now.
    pub(crate) fn kept(rule: Rule) -> bool {
        TAKEN_OUT.get() != Some(rule)
    }

    /// Runs `run` on this thread without the rule.
    pub(crate) fn without<T>(rule: Option<Rule>, run: impl FnOnce() -> T) -> T {
        let before = TAKEN_OUT.replace(rule);
        let result = run();
        TAKEN_OUT.set(before);
        result
    }
}
