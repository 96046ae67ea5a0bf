//! The vault: seals texts under persons' keys and opens them. It makes a key when it is first needed, once, however
//! many processes need it at the same moment: the database's primary key decides whose is kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tillroll_postgres::{Pool, Settings};
use uuid::Uuid;

use crate::cache::{Held, KeyCache};
use crate::person_key::PersonKey;
use crate::sealed::Parts;
use crate::table::{self, Stored, Wrapped};
use crate::{Caching, Error, KeyName, MasterId, MasterKeys, Plaintext, Sealed};

/// Seals and opens. Clones share connections and cached keys.
#[derive(Clone, Debug)]
pub struct Vault(pub(crate) Arc<Inside>);

#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) settings: Settings,
    pub(crate) pool: Pool,
    pub(crate) masters: MasterKeys,
    pub(crate) cache: KeyCache,
    /// Whether this process was seen to have every master key that it needs.
    checked: AtomicBool,
}

/// What became of a sealed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is readable.
    Text(Plaintext),
    /// Its key was destroyed: nobody reads it any more.
    Erased,
}

impl Vault {
    /// A vault over a database that `prepare` has made. Nothing is connected before it is needed.
    pub fn new(settings: &Settings, masters: MasterKeys, caching: Caching) -> Result<Self, Error> {
        let (settings, pool) = (settings.clone(), Pool::new(settings)?);
        Ok(Self(Arc::new(Inside {
            settings,
            pool,
            masters,
            cache: KeyCache::new(caching),
            checked: AtomicBool::new(false),
        })))
    }

    /// Whether this process has every master key that it needs: to be asked before it serves. A process that comes with
    /// another one would seal what no other can open; so none makes a key before this has succeeded once.
    pub async fn check(&self) -> Result<(), Error> {
        let unknown = |(master, _): &(MasterId, u64)| !self.0.masters.knows(*master);
        match self.masters().await?.into_iter().find(unknown) {
            Some((master, _)) => Err(Error::UnknownMaster { master }),
            None => {
                self.0.checked.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// How many keys each master key has wrapped. One that is not named is needed no more.
    pub async fn masters(&self) -> Result<Vec<(MasterId, u64)>, Error> {
        table::masters(&self.0.pool).await
    }

    /// Seals what is erased when the person asks for it. `command_id` is the command that brings the text.
    ///
    /// `Error::Erased` if the person was.
    pub async fn seal(&self, person: Uuid, command_id: Uuid, field: &str, text: &str) -> Result<Sealed, Error> {
        self.key(KeyName::personal(person)).await?.seal(command_id, field, text)
    }

    /// The same for somebody who must have a key already: no key is made for an id that is nobody's.
    ///
    /// `Error::KeyMissing` if there is none, `Error::Erased` if the person was.
    pub async fn seal_for_known(
        &self,
        person: Uuid,
        command_id: Uuid,
        field: &str,
        text: &str,
    ) -> Result<Sealed, Error> {
        let key = KeyName::personal(person);
        let held = self.find(&[key]).await?.remove(&key).ok_or(Error::KeyMissing { key })?;
        held.alive(key)?.seal(command_id, field, text)
    }

    /// Seals what the law wants kept with the documents of a calendar year. It can be done for a person who was erased:
    /// a credit note may come later.
    ///
    /// `Error::Erased` if that year's keys were destroyed.
    pub async fn seal_fiscal(
        &self,
        person: Uuid,
        year: u16,
        command_id: Uuid,
        field: &str,
        text: &str,
    ) -> Result<Sealed, Error> {
        self.key(KeyName::fiscal(person, year)).await?.seal(command_id, field, text)
    }

    /// The same for somebody who must have a key of his own already, as with [`Vault::seal_for_known`]: no fiscal key is
    /// made for an id that is nobody's, or for a person who was erased.
    pub async fn seal_fiscal_for_known(
        &self,
        person: Uuid,
        year: u16,
        command_id: Uuid,
        field: &str,
        text: &str,
    ) -> Result<Sealed, Error> {
        let own = KeyName::personal(person);
        self.find(&[own]).await?.remove(&own).ok_or(Error::KeyMissing { key: own })?.alive(own)?;
        self.seal_fiscal(person, year, command_id, field, text).await
    }

    /// Opens a text that was found as this field of this person. One that was sealed as another is an error.
    pub async fn open(&self, person: Uuid, field: &str, sealed: &Sealed) -> Result<Opened, Error> {
        let parts = parts(person, field, sealed)?;
        let name = parts.label.key;
        open(&parts, self.find(&[name]).await?.get(&name))
    }

    /// The same after a question to the database, whatever is cached: for what is asked about strangers too, by
    /// [`Vault::ask_about_nobody`], so that neither the time nor an outage tells the known from the unknown.
    pub async fn open_anew(&self, person: Uuid, field: &str, sealed: &Sealed) -> Result<Opened, Error> {
        let parts = parts(person, field, sealed)?;
        let name = parts.label.key;
        open(&parts, self.load(&[name]).await?.get(&name))
    }

    /// Asks the database what [`Vault::open_anew`] asks, of nobody.
    pub async fn ask_about_nobody(&self) -> Result<(), Error> {
        self.load(&[KeyName::personal(Uuid::nil())]).await.map(drop)
    }

    /// Opens many, each found as a field of a person, with one question to the database at most.
    pub async fn open_all(&self, found: &[(Uuid, &str, &Sealed)]) -> Result<Vec<Opened>, Error> {
        let parts: Vec<_> = found.iter().map(|(person, field, sealed)| parts(*person, field, sealed)).collect();
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut names: Vec<_> = parts.iter().map(|parts| parts.label.key).collect();
        names.sort_unstable();
        names.dedup();
        let keys = self.find(&names).await?;
        parts.iter().map(|parts| open(parts, keys.get(&parts.label.key))).collect()
    }

    /// The key to seal with, made if there is none.
    async fn key(&self, name: KeyName) -> Result<Arc<PersonKey>, Error> {
        let held = match self.find(&[name]).await?.remove(&name) {
            Some(held) => held,
            None => {
                self.make(name).await?;
                // Another process may have been first, or have erased the person: what is stored is what counts.
                self.find(&[name]).await?.remove(&name).ok_or(Error::KeyMissing { key: name })?
            }
        };
        held.alive(name)
    }

    async fn make(&self, name: KeyName) -> Result<(), Error> {
        if !self.0.checked.load(Ordering::Relaxed) {
            self.check().await?;
        }
        let master = self.0.masters.current();
        let wrapped = master.wrap(name, &PersonKey::fresh()?)?;
        table::add(&self.0.pool, name, &wrapped, master.id()).await
    }

    /// What there is under the names; nothing under those that are missing. Names are distinct.
    async fn find(&self, names: &[KeyName]) -> Result<HashMap<KeyName, Held>, Error> {
        let cached = |name: &KeyName| Some((*name, self.0.cache.get(name)?));
        let mut found: HashMap<_, _> = names.iter().filter_map(cached).collect();
        let asked: Vec<_> = names.iter().copied().filter(|name| !found.contains_key(name)).collect();
        if !asked.is_empty() {
            found.extend(self.load(&asked).await?);
        }
        Ok(found)
    }

    /// The same of the database alone; what it has is cached.
    async fn load(&self, names: &[KeyName]) -> Result<HashMap<KeyName, Held>, Error> {
        let Inside { pool, cache, .. } = &*self.0;
        let (mut found, moment) = (HashMap::new(), cache.now());
        for (name, stored) in table::load(pool, names).await? {
            let held = match stored {
                Stored::Key(wrapped) => Held::Key(Arc::new(self.unwrap(name, &wrapped)?)),
                Stored::Erased => Held::Erased,
                Stored::Missing => continue,
            };
            cache.put(name, held.clone(), moment);
            found.insert(name, held);
        }
        Ok(found)
    }

    fn unwrap(&self, name: KeyName, wrapped: &Wrapped) -> Result<PersonKey, Error> {
        let secret = self.0.masters.unwrap(name, wrapped.master, &wrapped.bytes)?;
        Ok(PersonKey::new(name, &secret))
    }
}

impl Held {
    fn alive(self, name: KeyName) -> Result<Arc<PersonKey>, Error> {
        match self {
            Self::Key(key) => Ok(key),
            Self::Erased => Err(Error::Erased { key: name }),
        }
    }
}

fn parts(person: Uuid, field: &str, sealed: &Sealed) -> Result<Parts, Error> {
    let parts = sealed.parts()?;
    if parts.label.key.person != person || &*parts.label.field != field {
        return Err(Error::Misplaced { person: parts.label.key.person, field: parts.label.field });
    }
    Ok(parts)
}

fn open(parts: &Parts, held: Option<&Held>) -> Result<Opened, Error> {
    match held {
        Some(Held::Key(key)) => key.open(parts).map(Opened::Text),
        Some(Held::Erased) => Ok(Opened::Erased),
        None => Err(Error::KeyMissing { key: parts.label.key }),
    }
}
