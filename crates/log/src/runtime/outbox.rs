//! How far a reactor is: which records are done with, because all commands that they cause are acknowledged.

use crate::{Offset, StoredPosition};
use std::collections::VecDeque;

/// The reactor's place in one source partition. Pure.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Below this everything was done with when the process started.
    start: StoredPosition,
    /// The next record that it has not seen yet: one that is read again is not reacted to again.
    unread: Offset,
    /// Records in order, each with how many of its commands are not acknowledged.
    open: VecDeque<(Offset, usize, StoredPosition)>,
    done: StoredPosition,
    committed: Offset,
}

impl Outbox {
    pub(crate) fn starting_at(start: StoredPosition) -> Self {
        let (committed, unread) = (start.next, start.next);
        Self { committed, unread, done: start.clone(), start, open: VecDeque::new() }
    }

    /// Whether a record has yet to be reacted to.
    pub(crate) fn is_new(&self, offset: Offset) -> bool {
        offset >= self.unread
    }

    /// What the position must meet, if it was stored by an earlier process.
    pub(crate) fn start(&self) -> &StoredPosition {
        &self.start
    }

    /// A record was read that causes so many commands.
    pub(crate) fn read(&mut self, offset: Offset, commands: usize, position: StoredPosition) {
        if self.is_new(offset) {
            self.unread = offset.next();
            self.open.push_back((offset, commands, position));
            self.advance();
        }
    }

    /// A record that is still open causes so many more commands.
    pub(crate) fn causes(&mut self, offset: Offset, more: usize) {
        if let Some((_, left, _)) = self.find(offset) {
            *left += more;
        }
    }

    /// One of its commands is acknowledged.
    pub(crate) fn acknowledged(&mut self, offset: Offset) {
        if let Some((_, left, _)) = self.find(offset) {
            *left = left.saturating_sub(1);
        }
        self.advance();
    }

    fn find(&mut self, offset: Offset) -> Option<&mut (Offset, usize, StoredPosition)> {
        let index = self.open.binary_search_by_key(&offset, |(offset, _, _)| *offset).ok()?;
        self.open.get_mut(index)
    }

    /// The floor that commands carry now: what is committed, never what is merely done.
    pub(crate) fn floor(&self) -> Offset {
        self.committed
    }

    /// What can be committed now, if it is more than what is committed.
    pub(crate) fn to_commit(&self) -> Option<StoredPosition> {
        (self.done.next > self.committed).then(|| self.done.clone())
    }

    pub(crate) fn committed(&mut self, next: Offset) {
        self.committed = self.committed.max(next);
    }

    fn advance(&mut self) {
        while self.open.front().is_some_and(|(_, left, _)| *left == 0) {
            if let Some((_, _, position)) = self.open.pop_front() {
                self.done = position;
            }
        }
    }
}

#[cfg(test)]
mod tests;
