//! A process that works for us: a `git`, and what it starts.
//!
//! Owns hearing what it says, within bounds, and ending it if it says nothing any more, if we are to end, or if nobody
//! waits for it. Must not know what it does.
//!
//! Where there is a terminal, it stays in our group of processes: Control-C reaches it as it reaches us, and ssh may ask
//! for a passphrase. Where there is none, as in CI, it gets a group of its own, which can be ended as a whole.

use std::cell::Cell;
use std::io::{self, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use crate::cancellation::kill;
#[cfg(all(unix, not(target_os = "openbsd")))]
use crate::cancellation::pid;
use crate::cancellation::{Cancellation, ask_to_end};
use crate::waiting::Waiting;

/// More than this is not taken from a process, in bytes: a registry of several million tags. What is listed may come from
/// another side.
const MAX_OUTPUT: usize = 1 << 30;

/// The maximum length of its messages, which may come from a remote: the beginning and the end are kept.
const MAX_SAID: usize = 1 << 20;

/// What is read at once.
const CHUNK: usize = 64 * 1024;

/// An input up to this length fits into a pipe without a reader.
const SHORT: usize = 4096;

/// How long a process may take to tidy up when it is asked to end, as Git removes its lock files then; and what it said to
/// reach us when it has ended.
const GRACE: Duration = Duration::from_secs(2);

/// How often is looked whether it has ended.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

thread_local! {
    /// Whether what this thread starts now goes on when its caller cancels.
    static SHIELDED: Cell<bool> = const { Cell::new(false) };
}

/// A process at work. Its standard streams are pipes, or not looked at. It does not outlive this.
pub(in crate::git) struct Work {
    child: Child,
    leads_group: bool,
    /// Its id may be another one's.
    is_over: bool,
    cancellation: Cancellation,
}

/// Why there is no end of it to tell of.
#[derive(Debug)]
pub(in crate::git) enum WorkError {
    /// It was silent for this long, and was killed.
    Silent(Duration),
    /// The system would not.
    System(io::Error),
}

/// A piece of its output.
enum Heard {
    Printed(Vec<u8>),
    Said(Vec<u8>),
    Failed(io::Error),
}

/// Does something whose processes are left alone when their caller cancels: they tidy up after one that was ended.
pub(in crate::git) fn undisturbed<T>(tidy: impl FnOnce() -> T) -> T {
    let before = SHIELDED.replace(true);
    let done = tidy();
    SHIELDED.set(before);
    done
}

impl Work {
    /// Starts a process, which ends when `cancellation` says so.
    pub fn start(command: &mut Command, cancellation: &Cancellation) -> io::Result<Self> {
        cancellation.prepare();
        let leads_group = lead_group_without_terminal(command);
        let child = command.spawn()?;
        // The lock is held for no longer than that: a program that forks meanwhile would have it for ever.
        if !SHIELDED.get() {
            cancellation.add(child.id(), leads_group);
        }
        Ok(Self { child, leads_group, is_over: false, cancellation: cancellation.clone() })
    }

    /// Gives it `input`, waits for its end and takes what it prints, within bounds. `hear` hears meanwhile what it tells
    /// people. If it says nothing at all for as long as `silence`, it is ended.
    pub fn finish(
        mut self,
        input: &[u8],
        silence: Option<Duration>,
        mut hear: impl FnMut(&[u8]),
    ) -> Result<Output, WorkError> {
        let heard = self.listen(input)?;
        let (mut stdout, mut stderr, mut is_whole) = (Vec::new(), Ends::default(), true);
        let (mut last_heard, mut ended) = (Instant::now(), None);
        loop {
            let next = heard.recv_timeout(BETWEEN_LOOKS);
            last_heard = if next.is_ok() { Instant::now() } else { last_heard };
            match next {
                Ok(Heard::Printed(bytes)) => is_whole &= keep(&mut stdout, &bytes, MAX_OUTPUT),
                Ok(Heard::Said(bytes)) => {
                    hear(&bytes);
                    stderr.add(&bytes);
                }
                Ok(Heard::Failed(error)) => return Err(error.into()),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.has_ended() {
                // What it has started may live on and keep our pipe, silent or not: all that itself said is here soon.
                if ended.get_or_insert_with(Instant::now).elapsed() >= GRACE {
                    break;
                }
            } else if let Some(limit) = silence.filter(|limit| last_heard.elapsed() >= *limit) {
                return Err(WorkError::Silent(limit));
            }
        }
        let status = self.wait(silence)?;
        if is_whole {
            return Ok(Output { status, stdout, stderr: stderr.joined() });
        }
        Err(io::Error::other(format!("it prints more than {} MiB", MAX_OUTPUT >> 20)).into())
    }

    /// What it says, from threads of their own: a pipe that nobody reads makes the process wait. They end with the pipes.
    fn listen(&mut self, input: &[u8]) -> io::Result<Receiver<Heard>> {
        let (sender, heard) = sync_channel(4);
        if let Some(stdout) = self.child.stdout.take() {
            let sender = sender.clone();
            thread::Builder::new().spawn(move || tell(stdout, &sender, Heard::Printed))?;
        }
        if let Some(stderr) = self.child.stderr.take() {
            let sender = sender.clone();
            thread::Builder::new().spawn(move || tell(stderr, &sender, Heard::Said))?;
        }
        if let Some(mut stdin) = self.child.stdin.take() {
            let mut give = move |input: &[u8]| match stdin.write_all(input) {
                // Its exit status explains why it stopped reading.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
                _ => Ok(()),
            };
            if input.len() <= SHORT {
                give(input)?;
            } else {
                let input = input.to_vec();
                // If this fails, the receiver is gone.
                let give = move || give(&input).or_else(|error| sender.send(Heard::Failed(error)));
                thread::Builder::new().spawn(give)?;
            }
        }
        Ok(heard)
    }

    fn has_ended(&mut self) -> bool {
        has_ended(&mut self.child, false)
    }

    /// Waits for the end of what has closed its pipes.
    fn wait(&mut self, silence: Option<Duration>) -> Result<ExitStatus, WorkError> {
        if let Some(limit) = silence {
            let mut waiting = Waiting::begin();
            while !self.has_ended() {
                if !waiting.goes_on(limit) {
                    return Err(WorkError::Silent(limit));
                }
            }
        } else {
            has_ended(&mut self.child, true);
        }
        Ok(self.take_status()?)
    }

    /// How it has ended. From here on its id may be another one's.
    fn take_status(&mut self) -> io::Result<ExitStatus> {
        self.cancellation.remove(self.child.id());
        self.is_over = true;
        self.child.wait()
    }
}

impl Drop for Work {
    /// Ends it if it has not come to its end: as it likes, or if it takes long, at once.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        ask_to_end(self.child.id(), self.leads_group);
        let mut waiting = Waiting::begin();
        while !self.has_ended() && waiting.goes_on(GRACE) {}
        kill_group(self.child.id(), self.leads_group);
        // It may have ended, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.take_status();
    }
}

impl From<io::Error> for WorkError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Forwards output until it ends or the receiver is gone.
fn tell(mut from: impl Read, to: &SyncSender<Heard>, heard: impl Fn(Vec<u8>) -> Heard) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let sent = match from.read(&mut chunk) {
            Ok(0) => return,
            Ok(len) => to.send(heard(chunk[..len].to_vec())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => to.send(Heard::Failed(error)),
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The beginning and the end of a process's messages.
#[derive(Default)]
struct Ends {
    beginning: Vec<u8>,
    end: Vec<u8>,
}

impl Ends {
    fn add(&mut self, bytes: &[u8]) {
        const HALF: usize = MAX_SAID / 2;
        let room = HALF.saturating_sub(self.beginning.len()).min(bytes.len());
        self.beginning.extend_from_slice(&bytes[..room]);
        self.end.extend_from_slice(&bytes[room..]);
        // Not at each piece: what stays is moved.
        if self.end.len() > 2 * HALF {
            self.end.drain(..self.end.len() - HALF);
        }
    }

    fn joined(mut self) -> Vec<u8> {
        self.beginning.append(&mut self.end);
        self.beginning
    }
}

/// Adds what there is room for; whether that is all.
fn keep(kept: &mut Vec<u8>, more: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(kept.len());
    kept.extend_from_slice(&more[..room.min(more.len())]);
    more.len() <= room
}

/// Gives it its own process group if there is no terminal; returns whether it did.
#[cfg(unix)]
fn lead_group_without_terminal(command: &mut Command) -> bool {
    // It can be opened by those alone who have one, whatever their standard streams are.
    let has_terminal = std::fs::File::open("/dev/tty").is_ok();
    if !has_terminal {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    !has_terminal
}

/// Whether it has ended, or waits for that. Its id remains its own until we take its status.
#[cfg(all(unix, not(target_os = "openbsd")))]
fn has_ended(child: &mut Child, waits: bool) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(id) = pid(child.id()) else { return true };
    let mut options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    options.set(WaitIdOptions::NOHANG, !waits);
    // A process that cannot be waited for is gone.
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(id), options)).map_or(true, |status| status.is_some())
}

#[cfg(unix)]
fn kill_group(id: u32, leads_group: bool) {
    if leads_group {
        kill(id, true);
    }
}

#[cfg(not(unix))]
fn lead_group_without_terminal(_: &mut Command) -> bool {
    false
}

#[cfg(any(not(unix), target_os = "openbsd"))]
fn has_ended(child: &mut Child, waits: bool) -> bool {
    if waits { child.wait().is_ok() } else { matches!(child.try_wait(), Ok(Some(_))) }
}

#[cfg(not(unix))]
fn kill_group(_: u32, _: bool) {}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Stdio;

    use super::*;

    fn shell(script: &str, input: &[u8], silence: Option<Duration>) -> Result<Output, WorkError> {
        shell_for(&Cancellation::default(), script, input, silence)
    }

    fn shell_for(
        cancellation: &Cancellation,
        script: &str,
        input: &[u8],
        silence: Option<Duration>,
    ) -> Result<Output, WorkError> {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Work::start(&mut shell, cancellation).expect("there is a shell").finish(input, silence, |_| {})
    }

    #[test]
    fn of_what_a_process_says_without_end_the_beginning_and_the_end_are_taken() {
        let script =
            "echo first >&2; head -c 5000000 /dev/zero >&2; echo last >&2; head -c 3000000 /dev/zero; exit 3";
        let output = shell(script, b"", None).unwrap();
        assert_eq!(output.stdout.len(), 3_000_000);
        assert!(output.stderr.starts_with(b"first\n\0") && output.stderr.ends_with(b"\0last\n"));
        assert!(output.stderr.len() <= MAX_SAID * 3 / 2, "{}", output.stderr.len());
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn a_long_input_and_a_long_output_do_not_wait_for_each_other() {
        let input = vec![b'x'; 1 << 20];
        assert_eq!(shell("cat", &input, Some(Duration::from_secs(60))).unwrap().stdout, input);
        // Nor for one that does not listen.
        assert!(shell("exit 0", &input, Some(Duration::from_secs(60))).unwrap().status.success());
    }

    #[test]
    fn whoever_says_nothing_is_ended_and_whoever_goes_on_saying_something_is_not() {
        let limit = Some(Duration::from_millis(400));
        let begun = Instant::now();
        for silent in ["sleep 600", "sleep 600 & wait", "exec >&- 2>&-; sleep 600", "trap '' TERM; sleep 600"]
        {
            assert!(matches!(shell(silent, b"", limit), Err(WorkError::Silent(_))), "{silent}");
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        let caller = Cancellation::default();
        let script = "for i in 1 2 3 4 5 6 7 8; do echo $i >&2; sleep 0.1; done";
        assert!(shell_for(&caller, script, b"", limit).unwrap().status.success());
        assert!(caller.running().is_empty(), "those that ended are forgotten");
    }

    #[test]
    fn what_goes_on_in_the_background_with_our_pipe_is_not_waited_for() {
        let begun = Instant::now();
        for silence in [None, Some(Duration::from_secs(600))] {
            for left in ["sleep 60", "while sleep 0.01; do echo more >&2; done"] {
                let output = shell(&format!("({left}) & echo $!; exit 3"), b"", silence).unwrap();
                assert_eq!(output.status.code(), Some(3), "{left}");
                let id = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
                ask_to_end(id, false);
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(40));
    }

    fn start(script: &str, caller: &Cancellation) -> Work {
        Work::start(Command::new("sh").args(["-c", script]), caller).expect("there is a shell")
    }

    /// A Ctrl-C in one call of Python ended the `git` of every other one.
    #[test]
    fn a_caller_who_cancels_ends_its_own_processes_and_nobody_elses() {
        let (one, other) = (Cancellation::default(), Cancellation::default());
        let (mut ours, mut theirs) = (start("sleep 600", &one), start("sleep 600", &other));
        let spared = undisturbed(|| start("sleep 600", &one));
        one.cancel();
        assert!(!ours.wait(None).unwrap().success());
        assert!(!theirs.has_ended());
        assert!(rustix::process::test_kill_process(pid(spared.child.id()).unwrap()).is_ok());
        other.kill();
        assert!(!theirs.wait(None).unwrap().success());
    }

    #[test]
    fn what_nobody_waits_for_is_ended() {
        for script in ["sleep 600", "trap '' TERM; sleep 600"] {
            let caller = Cancellation::default();
            let work = start(script, &caller);
            let id = work.child.id();
            drop(work);
            assert!(caller.running().is_empty());
            assert!(rustix::process::test_kill_process(pid(id).unwrap()).is_err(), "{script}");
        }
    }

    #[test]
    fn what_has_ended_keeps_its_id_until_its_status_is_taken() {
        let caller = Cancellation::default();
        let mut work = start("exit 3", &caller);
        let id = work.child.id();
        assert!(has_ended(&mut work.child, true) && work.has_ended());
        assert!(caller.running().iter().any(|(other, _)| *other == id));
        assert!(rustix::process::test_kill_process(pid(id).unwrap()).is_ok());
        assert_eq!(work.wait(None).unwrap().code(), Some(3));
        assert!(rustix::process::test_kill_process(pid(id).unwrap()).is_err());
    }
}
