//! Users among the shipped identity claims, joined by the shipped reactions, with the faults that can be put between
//! their records. In memory: one partition of users, one for each claim. What decides and reacts is shipped code.

use super::{Account, Life, User, at, hashed, roles, sealed};
use crate::identity_claim::IdentityClaim;
use crate::user::UserState;
use crate::{IdentityClaimReactions, UserReactions};
use std::collections::BTreeSet;
use std::time::Duration;
use tillroll_log::{Aggregate, Body, CommandId, Timestamp};
use tillroll_schemas::identity_claim::{ClaimKey, Hold, IdentityClaimCommand, IdentityClaimEvent};
use tillroll_schemas::user::{Profile, RegisterUser, Role, UserCommand, UserEvent};
use tillroll_schemas::{UserId, catalogue};
use tillroll_testkit::{AnySite, Letter, Site, Told};
use uuid::Uuid;

/// The claims that there are.
pub(super) const CLAIMS: usize = 4;

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Users,
    Claim(usize),
}

pub(super) const PLACES: [Place; 1 + CLAIMS] =
    [Place::Users, Place::Claim(0), Place::Claim(1), Place::Claim(2), Place::Claim(3)];

/// What goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The owner is killed when it has decided a record of this type, before that is stored,
    LostBefore(&'static str),
    /// when it is stored and nobody knows,
    LostAfter(&'static str),
    /// and when all is sent that it causes, before that is committed.
    LostAfterSending(&'static str),
    /// The first command of this type whose body has this text cannot be read by anybody.
    Unreadable(&'static str, &'static str),
    /// The claim that is the first to be sent a command of this type is away from then on.
    Silence(&'static str),
}

pub(super) struct Town {
    pub(super) users: Site<User, UserReactions>,
    pub(super) claims: Vec<Site<IdentityClaim, IdentityClaimReactions>>,
    pub(super) now: Timestamp,
    /// Who does nothing for now; what is sent to him waits.
    pub(super) away: BTreeSet<Place>,
    /// What goes wrong next.
    pub(super) fault: Option<Fault>,
    /// Whether every command by topic is stored twice.
    pub(super) twice: bool,
    sent: BTreeSet<CommandId>,
    /// A command that cannot be read cannot be read in any copy.
    unreadable: BTreeSet<CommandId>,
    requests: u128,
}

pub(super) fn user_id(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

/// Keys that belong to the partition with their number.
pub(super) fn claim_key(index: usize) -> ClaimKey {
    const BYTES: [u8; CLAIMS] = [5, 1, 11, 0];
    ClaimKey::of_mac(&[BYTES[index]; 32])
}

/// Somebody who wants these two.
pub(super) fn wants(email: usize, username: usize) -> RegisterUser {
    RegisterUser {
        email: sealed("email"),
        email_claim: claim_key(email),
        username: sealed("name"),
        username_claim: claim_key(username),
        profile: Profile::default(),
        password: hashed("old"),
        roles: roles([Role::Customer]),
    }
}

impl Town {
    pub(super) fn new() -> Self {
        let now = at(0);
        let claim = |index: usize| Site::new(i32::try_from(index).unwrap(), i32::try_from(CLAIMS).unwrap(), now);
        Self {
            users: Site::new(0, 1, now),
            claims: (0..CLAIMS).map(claim).collect(),
            now,
            away: BTreeSet::new(),
            fault: None,
            twice: false,
            sent: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            requests: 0,
        }
    }

    pub(super) fn site(&mut self, place: Place) -> &mut dyn AnySite {
        match place {
            Place::Users => &mut self.users,
            Place::Claim(index) => &mut self.claims[index],
        }
    }

    /// A client commands a user and repeats that until it is answered.
    pub(super) fn tell(&mut self, user: u128, command: impl Into<UserCommand>) -> Told {
        self.requests += 1;
        let (command, id) = (command.into(), Uuid::from_u128(self.requests));
        for _ in 0..3 {
            let number = self.users.request(id, &user_id(user).to_string(), &command);
            self.run();
            if let Some(told) = self.users.told(number) {
                return told.clone();
            }
        }
        panic!("nobody answers {command:?}");
    }

    /// Somebody meddles with a claim behind its user's back.
    pub(super) fn meddle(&mut self, claim: usize, command: impl Into<IdentityClaimCommand>) {
        self.requests += 1;
        self.claims[claim].request(Uuid::from_u128(self.requests), claim_key(claim).as_str(), &command.into());
        while self.claims[claim].store() || self.claims[claim].read() {}
    }

    /// Everybody who is there works until nobody has anything to do.
    pub(super) fn run(&mut self) {
        loop {
            let mut busy = false;
            for place in PLACES {
                busy |= !self.away.contains(&place) && self.work(place);
            }
            if !busy {
                return;
            }
        }
    }

    pub(super) fn work(&mut self, place: Place) -> bool {
        let mut busy = self.site(place).take();
        let mut lost = false;
        while let Some(type_name) = self.site(place).under_way() {
            busy = true;
            let type_name = known(&type_name);
            if self.strikes(Fault::LostBefore(type_name)) {
                self.site(place).lose_owner();
                continue;
            }
            self.site(place).store();
            if self.strikes(Fault::LostAfter(type_name)) {
                self.site(place).lose_owner();
            }
            lost |= self.strikes(Fault::LostAfterSending(type_name));
        }
        while self.site(place).read() {
            busy = true;
        }
        while let Some(letter) = self.site(place).send() {
            busy = true;
            self.route(letter);
        }
        if lost {
            self.site(place).lose_owner();
        }
        self.site(place).commit();
        busy
    }

    /// Whether this is what goes wrong; then it has.
    fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.fault == Some(fault);
        if strikes {
            self.fault = None;
        }
        strikes
    }

    /// A reactor's command is stored in its target's partition.
    pub(super) fn route(&mut self, mut letter: Letter) {
        // What people are told nobody here waits for.
        if letter.topic == catalogue::NOTIFICATION.commands {
            return;
        }
        let target = if letter.topic == catalogue::USER.commands {
            Place::Users
        } else {
            Place::Claim((0..CLAIMS).find(|index| claim_key(*index).as_str() == &*letter.key).unwrap())
        };
        match self.fault {
            Some(Fault::Unreadable(type_name, text))
                if letter.type_name == type_name
                    && !self.sent.contains(&letter.id)
                    && String::from_utf8_lossy(&letter.value).contains(text) =>
            {
                self.unreadable.insert(letter.id);
                self.fault = None;
            }
            Some(Fault::Silence(type_name)) if letter.type_name == type_name => {
                self.away.insert(target);
                self.fault = None;
            }
            _ => {}
        }
        if self.unreadable.contains(&letter.id) {
            letter.value = b"no JSON".to_vec();
        }
        self.sent.insert(letter.id);
        for _ in 0..if self.twice { 2 } else { 1 } {
            self.site(target).deliver(&letter);
        }
    }

    /// So many seconds pass, five at a time; whatever is due fires where somebody is there.
    pub(super) fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds / 5 {
            self.now += Duration::from_secs(5);
            // Once to see that the clock has to be checked against a record, once to fire.
            for _ in 0..2 {
                for place in PLACES {
                    let now = self.now;
                    self.site(place).set_clock(now);
                    if !self.away.contains(&place) {
                        self.site(place).tick();
                    }
                }
                self.run();
            }
        }
    }

    /// Faults stop: everybody is there, and longer passes than any wait takes.
    pub(super) fn settle(&mut self) {
        self.away.clear();
        self.fault = None;
        self.run();
        self.pass(2_000);
    }

    pub(super) fn user(&self, number: u128) -> UserState {
        self.users.state(&user_id(number).to_string()).cloned().unwrap_or_default()
    }

    pub(super) fn account(&self, number: u128) -> Option<Account> {
        self.user(number).life.account().map(|account| account.as_ref().clone())
    }

    /// Who has a claim, and whether for good.
    pub(super) fn holder(&self, claim: usize) -> Option<(Hold, bool)> {
        let state = self.claims[claim].state(claim_key(claim).as_str())?;
        state.hold().map(|hold| (hold, state.confirmed().is_some()))
    }

    /// What nobody may find once all is quiet: a claim without an account that has it, an account without its claims,
    /// a user who still waits.
    pub(super) fn assert_clean_slate(&self, users: impl IntoIterator<Item = u128>, case: &str) {
        let mut expected = vec![None; CLAIMS];
        for number in users {
            let state = self.user(number);
            assert_eq!(state.life.waiting(), None, "{case}: {number} waits");
            assert!(!matches!(state.life, Life::Reserving(..) | Life::Confirming(..)), "{case}");
            let Some(account) = state.life.account() else { continue };
            for of in [&account.email_claim, &account.username_claim] {
                let index = (0..CLAIMS).find(|index| claim_key(*index) == of.claim).unwrap();
                let hold = Hold { user_id: user_id(number), number: of.hold };
                assert_eq!(expected[index].replace((hold, true)), None, "{case}: claim {index} has two holders");
            }
        }
        let held: Vec<_> = (0..CLAIMS).map(|index| self.holder(index)).collect();
        assert_eq!(held, expected, "{case}");
    }

    /// At every point of every claim's stream, told by its events alone: one holder at most.
    pub(super) fn assert_one_holder_always(&self) {
        for claim in &self.claims {
            let mut holders = BTreeSet::new();
            for (_, event) in claim.events() {
                match event {
                    IdentityClaimEvent::Reserved(e) => drop(holders.insert(e.hold)),
                    IdentityClaimEvent::Confirmed(e) => assert!(holders.contains(&e.hold), "confirmed for nobody"),
                    IdentityClaimEvent::Released(e) => assert!(holders.remove(&e.hold), "released by nobody"),
                    IdentityClaimEvent::Extended(_) | IdentityClaimEvent::ExpiryAsked(_) => {}
                }
                assert!(holders.len() <= 1, "two holders: {holders:?}");
            }
        }
    }
}

/// The name as the code has it.
pub(super) fn known(type_name: &str) -> &'static str {
    let all = UserEvent::TYPE_NAMES.iter().chain(IdentityClaimEvent::TYPE_NAMES);
    all.copied().find(|known| *known == type_name).unwrap_or("of the protocol")
}

/// Commands are told from each other by their names in the topic.
#[test]
fn the_commands_that_faults_strike_are_called_so() {
    let hold = Hold { user_id: user_id(1), number: 1 };
    let commands: [IdentityClaimCommand; 3] = [
        tillroll_schemas::identity_claim::ReserveIdentity { hold, expires_at: at(0) }.into(),
        tillroll_schemas::identity_claim::ConfirmIdentity { hold }.into(),
        tillroll_schemas::identity_claim::ReleaseIdentity { hold }.into(),
    ];
    let names: Vec<_> = commands.iter().map(Body::type_name).collect();
    assert_eq!(names, ["identity-claim.reserve", "identity-claim.confirm", "identity-claim.release"]);
    assert!(User::deadline(&UserState::default()).is_none());
}
