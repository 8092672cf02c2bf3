//! Getting one object from the places that may have it.
//!
//! Owns asking one place after the other, again after a while where that is worth it, and going on where a transfer broke off. What comes
//! is checked, and nothing else is handed out.

use std::fs::File;
use std::io::{self, Read, Seek as _, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use gto::Cancellation;

use crate::digest::Digest;
use crate::error::{Error, Keeper, Result};
use crate::place::Place;
use crate::place::answer::PlaceError;
use crate::text::shown;
use crate::transfer::Transfer;

/// What is copied at once: of a small file no more room is made.
const CHUNK: usize = 256 * 1024;
const FIRST_CHUNK: usize = 16 * 1024;

/// How often a place is asked that may answer later, and the first pause, which doubles.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(300);

/// One object that is wanted.
pub(crate) struct Download<'a> {
    /// The file that it is for, for messages.
    pub path: &'a str,
    /// Who may have it, in the order of asking.
    pub places: &'a [Arc<Place>],
    /// Its path in a place.
    pub object: &'a str,
    /// What it must be.
    pub expected: Expected,
    /// The hash that it is checked by.
    pub digest: &'a dyn Fn() -> Digest,
    /// Which tool keeps it.
    pub keeper: Keeper,
    /// Whether the caller wants no more.
    pub cancellation: &'a Cancellation,
}

/// What an object must be.
pub(crate) struct Expected {
    /// Its hash.
    pub hash: String,
    /// What it is called, for messages.
    pub name: String,
    /// Its size, if that is known.
    pub size: Option<u64>,
    /// No more than this is taken, whatever the size.
    pub limit: Option<u64>,
}

/// Why one place did not give it.
enum Failure {
    Absent,
    /// It gave something else.
    Wrong,
    Failed(String),
    Write(io::Error),
}

/// What has come.
struct State {
    digest: Digest,
    written: u64,
}

/// Where it goes.
trait Sink: Write {
    /// Throws away what has come.
    fn restart(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()
    }
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

impl Download<'_> {
    /// Gets it into a file, which may have its beginning. `transfer` counts the bytes.
    ///
    /// # Errors
    /// The outer one is what keeps the file from being written.
    pub fn write_file(&self, file: &mut File, transfer: &Transfer) -> io::Result<Result<()>> {
        let mut digest = (self.digest)();
        let mut begun = 0;
        if file.metadata()?.len() > 0 {
            if self.places.iter().any(|place| place.has_parts()) {
                file.rewind()?;
                begun = digest.read(file)?;
                transfer.found(begun);
            } else {
                file.restart()?;
            }
        }
        self.run(file, digest, begun, transfer)
    }

    /// Gets a small one.
    pub fn read(&self, content: &mut Vec<u8>) -> Result<()> {
        self.run(content, (self.digest)(), 0, &Transfer::default())
            .unwrap_or_else(|error| Err(Error::Output(error)))
    }

    fn run(
        &self,
        sink: &mut impl Sink,
        digest: Digest,
        written: u64,
        transfer: &Transfer,
    ) -> io::Result<Result<()>> {
        let (mut said, mut wrong, mut has_failed) = (Vec::new(), None, false);
        let mut state = State { digest, written };
        for place in self.places {
            let was_begun = state.written > 0;
            let mut outcome = self.from(place, sink, &mut state, transfer);
            // What was there may be the beginning of something else.
            if was_begun && place.has_parts() && matches!(outcome, Err(Failure::Wrong)) {
                outcome = self.from(place, sink, &mut state, transfer);
            }
            match outcome {
                Ok(()) => return Ok(Ok(())),
                Err(Failure::Absent) => said.push(format!("not in {}", place.shown())),
                Err(Failure::Failed(why)) => {
                    has_failed = true;
                    said.push(format!("{}: {}", place.shown(), shown(&why)));
                }
                Err(Failure::Wrong) => {
                    said.push(format!("{} has something else under that name", place.shown()));
                    wrong = Some(place.shown().to_owned());
                }
                Err(Failure::Write(error)) => return Err(error),
            }
        }
        let (path, object) = (shown(self.path), self.expected.name.clone());
        Ok(Err(match wrong {
            Some(place) => Error::Wrong { path, object, place },
            None if has_failed => Error::Remote { path, object, places: said, keeper: self.keeper },
            None => Error::Missing { path, object, places: said, keeper: self.keeper },
        }))
    }

    /// Gets it from one place, where the sink may have the beginning. What was wrong is thrown away.
    fn from(
        &self,
        place: &Place,
        sink: &mut impl Sink,
        state: &mut State,
        transfer: &Transfer,
    ) -> std::result::Result<(), Failure> {
        let gotten = self.ask(place, sink, state, transfer);
        let is_whole = self.expected.size.is_none_or(|size| size == state.written);
        let is_wrong = match gotten {
            Ok(()) => {
                !is_whole || !std::mem::replace(&mut state.digest, (self.digest)()).is(&self.expected.hash)
            }
            Err(Failure::Wrong) => true,
            Err(failure) => return Err(failure),
        };
        if is_wrong {
            self.restart(sink, state, transfer)?;
            return Err(Failure::Wrong);
        }
        Ok(())
    }

    fn restart(
        &self,
        sink: &mut impl Sink,
        state: &mut State,
        transfer: &Transfer,
    ) -> std::result::Result<(), Failure> {
        transfer.thrown_away(state.written);
        *state = State { digest: (self.digest)(), written: 0 };
        sink.restart().map_err(Failure::Write)
    }

    /// Asks a place until it gives all, or gives up.
    fn ask(
        &self,
        place: &Place,
        sink: &mut impl Sink,
        state: &mut State,
        transfer: &Transfer,
    ) -> std::result::Result<(), Failure> {
        let mut tries = 0;
        loop {
            let before = state.written;
            let broken = match place.open(self.object, before) {
                Ok(opened) => {
                    if opened.offset != before {
                        self.restart(sink, state, transfer)?;
                    }
                    match self.copy(opened.content, sink, state, transfer)? {
                        None => return Ok(()),
                        // It is no other the next time.
                        Some(why) if !place.has_parts() => return Err(Failure::Failed(why)),
                        Some(why) => why,
                    }
                }
                Err(PlaceError::Absent) => return Err(Failure::Absent),
                Err(PlaceError::Restart) if before > 0 => {
                    self.restart(sink, state, transfer)?;
                    continue;
                }
                Err(PlaceError::Restart) => return Err(Failure::Failed("it gives no parts".to_owned())),
                Err(PlaceError::Failed(why)) => return Err(Failure::Failed(why)),
                Err(PlaceError::Later(why)) => why,
            };
            // What comes bit by bit comes at last.
            tries = if state.written > before { 1 } else { tries + 1 };
            if tries >= TRIES || self.cancellation.is_cancelled() {
                return Err(Failure::Failed(broken));
            }
            thread::sleep(PAUSE * 2_u32.pow(tries - 1));
        }
    }

    /// Copies until the end, or until the place breaks off: then why.
    fn copy(
        &self,
        mut content: Box<dyn Read>,
        sink: &mut impl Sink,
        state: &mut State,
        transfer: &Transfer,
    ) -> std::result::Result<Option<String>, Failure> {
        let most = self.expected.size.or(self.expected.limit).unwrap_or(u64::MAX);
        let mut chunk = vec![0; FIRST_CHUNK];
        loop {
            if self.cancellation.is_cancelled() {
                return Err(Failure::Failed("interrupted".to_owned()));
            }
            let len = match content.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Some(error.to_string())),
            };
            state.written += len as u64;
            if state.written > most {
                return Err(Failure::Wrong);
            }
            state.digest.update(&chunk[..len]);
            sink.write_all(&chunk[..len]).map_err(Failure::Write)?;
            transfer.heard(len as u64);
            if len == chunk.len() {
                chunk.resize(CHUNK, 0);
            }
        }
    }
}
