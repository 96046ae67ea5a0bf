//! One child process that never outlives this one.
//!
//! Three nets, because each has a hole: `Drop` kills it (not run when this process is killed); the kernel kills it
//! when the thread that spawned it ends (`PR_SET_PDEATHSIG`), which covers SIGKILL, panic and `exit` of the parent;
//! and a process group of its own keeps the terminal's Ctrl-C from it, so that the parent decides how it stops.

use std::io::{Error, ErrorKind};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, getppid};
use tokio::sync::watch;

use crate::StackError;

/// A running (or just ended) child.
#[derive(Debug)]
pub(crate) struct Child {
    pid: Pid,
    /// True once reaped: from then on the number may belong to somebody else and is never signalled.
    reaped: Arc<Mutex<bool>>,
    exit: watch::Receiver<Option<ExitStatus>>,
    reaper: Option<JoinHandle<()>>,
}

impl Child {
    /// Starts `command` in its own process group, bound to the life of this process.
    pub(crate) fn spawn(mut command: Command, name: &str) -> Result<Self, StackError> {
        command.process_group(0);
        die_with_parent(&mut command);
        let child = on_spawner_thread(command).map_err(StackError::io(format!("start {name}")))?;
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        let reaped = Arc::new(Mutex::new(false));
        let (sender, exit) = watch::channel(None);
        let gate = Arc::clone(&reaped);
        let reaper = std::thread::Builder::new()
            .name(format!("reap {name}"))
            .spawn(move || reap(child, pid, &gate, &sender))
            .map_err(StackError::io(format!("watch {name}")))?;
        Ok(Self { pid, reaped, exit, reaper: Some(reaper) })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Sends a signal; says whether there was still somebody to receive it.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        !*reaped && kill(self.pid, signal).is_ok()
    }

    /// True until the process has ended and was reaped.
    pub(crate) fn runs(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Waits for its end. `None` if the reaper itself failed.
    pub(crate) async fn ended(&self) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        exit.wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        if let Some(reaper) = self.reaper.take() {
            // A reaper that panicked has nothing to tell that would matter here.
            let _reaped = reaper.join();
        }
    }
}

/// Waits for the end without collecting it (`WNOWAIT`), so that the number cannot be given away before `reaped` says
/// so.
fn reap(mut child: std::process::Child, pid: Pid, reaped: &Mutex<bool>, exit: &watch::Sender<Option<ExitStatus>>) {
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
    let status = child.wait();
    *reaped = true;
    drop(reaped);
    exit.send_replace(status.ok());
}

/// Asks the kernel to kill the child when the thread that spawns it ends, as it does at the latest with this process.
///
/// The standard library runs this after it has changed user and group, which would clear the request, and before
/// `exec`, which keeps it. If the parent died in between, the request came too late: then the child is not started.
#[expect(unsafe_code, reason = "pre_exec is the only place between fork and exec; both calls are async-signal-safe")]
pub fn die_with_parent(command: &mut Command) {
    let parent = Pid::this();
    let hook = move || {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: the hook makes two system calls and touches neither memory, locks nor the allocator.
    unsafe { command.pre_exec(hook) };
}

struct Order {
    command: Command,
    answer: mpsc::SyncSender<std::io::Result<std::process::Child>>,
}

/// Spawns on the one thread that lives as long as the process: `PR_SET_PDEATHSIG` fires at the end of the *thread*
/// that forked, and a worker of an async runtime may end long before the process does.
fn on_spawner_thread(command: Command) -> std::io::Result<std::process::Child> {
    static SPAWNER: LazyLock<Result<mpsc::Sender<Order>, ErrorKind>> = LazyLock::new(start_spawner);
    let spawner = SPAWNER.as_ref().map_err(|kind| Error::from(*kind))?;
    let (answer, reply) = mpsc::sync_channel(1);
    let gone = || Error::other("the spawner thread is gone");
    spawner.send(Order { command, answer }).map_err(|_unsent| gone())?;
    reply.recv().map_err(|_closed| gone())?
}

fn start_spawner() -> Result<mpsc::Sender<Order>, ErrorKind> {
    let (sender, orders) = mpsc::channel::<Order>();
    let spawn_all = move || {
        for Order { mut command, answer } in orders {
            // Whoever asked waits for the answer; should he be gone, the child still dies with this process.
            let _unheard = answer.send(command.spawn());
        }
    };
    let thread = std::thread::Builder::new().name("devstack spawner".to_owned()).spawn(spawn_all);
    thread.map(|_detached| sender).map_err(|error| error.kind())
}
