//! `history`: the journal.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use super::labels::Ids;
use crate::event::EventKind;
use crate::name::{ArtifactName, StageName};
use crate::report::{EventReport, History};
use crate::signing::Verified;
use crate::time::Timestamp;

/// The journal as `history --json` has it.
#[derive(Debug, Clone, Copy)]
pub struct HistoryJson<'a> {
    /// The journal.
    pub history: &'a History,
    /// How ids of commits are shown.
    pub ids: Ids,
    /// What the signature of each tag is worth, if entries are to have that.
    pub verified: Option<&'a HashMap<String, Verified>>,
    /// What the promotion policy says of each tag, in a word, if entries are to have that.
    pub judged: Option<&'a HashMap<String, &'static str>>,
}

impl Serialize for HistoryJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct WithMore<'a> {
            #[serde(flatten)]
            entry: Entry<'a>,
            #[serde(flatten)]
            verified: Option<IsVerified>,
            #[serde(flatten)]
            judged: Option<IsJudged>,
        }
        #[derive(Serialize)]
        struct IsVerified {
            verified: Option<Verified>,
        }
        #[derive(Serialize)]
        struct IsJudged {
            policy: Option<&'static str>,
        }
        let entry = |event| Entry::new(event, self.ids);
        if self.verified.is_none() && self.judged.is_none() {
            return serializer.collect_seq(self.history.iter().map(entry));
        }
        serializer.collect_seq(self.history.iter().map(|event| WithMore {
            entry: entry(event),
            verified: self.verified.map(|all| IsVerified { verified: all.get(&*event.tag).copied() }),
            judged: self.judged.map(|all| IsJudged { policy: all.get(&*event.tag).copied() }),
        }))
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    timestamp: Timestamp,
    artifact: &'a ArtifactName,
    event: EventKind,
    priority: u8,
    version: Option<String>,
    stage: Option<&'a StageName>,
    commit: String,
    author: &'a str,
    author_email: &'a str,
    message: &'a str,
    #[serde(rename = "ref")]
    tag: &'a str,
}

impl<'a> Entry<'a> {
    fn new(event: &'a EventReport, ids: Ids) -> Self {
        Self {
            timestamp: event.created_at,
            artifact: &event.artifact,
            event: event.event,
            priority: event.event.priority(),
            version: event.version.as_ref().map(|version| ids.version(version)),
            stage: event.stage.as_ref(),
            commit: ids.commit(event.commit),
            author: &event.author,
            author_email: &event.author_email,
            message: &event.message,
            tag: &event.tag,
        }
    }
}
