//! Hashing on a bounded number of threads: a hash takes tens of milliseconds of a core and 19 MiB, so nobody may have
//! more under way than there are threads, and who comes when the queue is full is turned away.

use super::{Cost, HashError, Memory, Password, SALT_BYTES, hash, hash_in, verify_in};
use std::sync::{Arc, Mutex, PoisonError};
use tillroll_schemas::PasswordHash;
use tokio::sync::Semaphore;

/// Threads that hash, and a queue before them. Clones share both.
#[derive(Clone, Debug)]
pub struct HashingPool {
    cost: Cost,
    /// The hash of a password that nobody has, as costly as a real one.
    decoy: PasswordHash,
    /// Who may hash now.
    threads: Arc<Semaphore>,
    /// Who may hash or wait.
    places: Arc<Semaphore>,
    /// Half of the places: for those of whom nothing is known.
    strangers: Arc<Semaphore>,
    /// What nobody hashes in at the moment: one for each thread at most.
    idle: Arc<Mutex<Vec<Memory>>>,
}

/// A password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The queue is full: come again later.
    #[error("too many passwords are being hashed")]
    Overloaded,
    /// It cannot be.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The thread ended without an answer.
    #[error("a hashing thread died")]
    Died,
}

impl HashingPool {
    /// So many threads, at least one, and so many may wait for one. `salt` has to be random; nobody else must have it.
    pub fn new(threads: usize, queue: usize, cost: Cost, salt: [u8; SALT_BYTES]) -> Result<Self, HashError> {
        // The salt stands in for a password: it is as long and as unknown as one must be.
        let nobodys = Password::typed(salt.iter().map(|byte| char::from(*byte)).collect::<String>());
        let decoy = hash(&nobodys, salt, cost)?;
        let threads = threads.max(1);
        let places = threads.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let strangers = Arc::new(Semaphore::new(places.div_ceil(2)));
        let (places, idle) = (Arc::new(Semaphore::new(places)), Arc::default());
        Ok(Self { cost, decoy, threads: Arc::new(Semaphore::new(threads)), places, strangers, idle })
    }

    /// What hashes cost here.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// The hash of the password. The salt has to be random and used once.
    pub async fn hash(&self, password: Password, salt: [u8; SALT_BYTES]) -> Result<PasswordHash, PoolError> {
        let cost = self.cost;
        Ok(self.run(move |memory| hash_in(memory, &password, salt, cost)).await??)
    }

    /// The same for somebody of whom nothing is known, and who may come in any number: however many do, half of the places
    /// are left for those who log in.
    pub async fn hash_for_stranger(
        &self,
        password: Password,
        salt: [u8; SALT_BYTES],
    ) -> Result<PasswordHash, PoolError> {
        let (cost, seat) = (self.cost, self.strangers.clone().try_acquire_owned());
        let seat = seat.map_err(|_| PoolError::Overloaded)?;
        let work = move |memory: &mut Memory| {
            let hash = hash_in(memory, &password, salt, cost);
            drop(seat);
            hash
        };
        Ok(self.run(work).await??)
    }

    /// Whether the hash is one of the password.
    pub async fn verify(&self, password: Password, hash: PasswordHash) -> Result<bool, PoolError> {
        Ok(self.run(move |memory| verify_in(memory, &password, &hash)).await??)
    }

    /// The same work for a user who does not exist, so that nobody can tell by the time whether he does.
    pub async fn verify_nobody(&self, password: Password) -> Result<(), PoolError> {
        self.verify(password, self.decoy.clone()).await.map(drop)
    }

    /// Whoever stops waiting gives his place back; what has begun keeps its thread and place until it is done.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| PoolError::Overloaded)?;
        let thread = self.threads.clone().acquire_owned().await.map_err(|_| PoolError::Died)?;
        let idle = self.idle.clone();
        let working = tokio::task::spawn_blocking(move || {
            let mut memory = idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let done = work(&mut memory);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            drop((thread, place));
            done
        });
        working.await.map_err(|_| PoolError::Died)
    }
}

#[cfg(test)]
mod tests;
