//! `--only EVENT[:STAGE]`.

use std::str::FromStr;

use gto::event::EventKind;
use gto::name::StageName;
use gto::report::EventReport;

/// Which events a pipeline is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only {
    event: EventKind,
    stage: Option<StageName>,
}

impl Only {
    /// Whether the event is one of these.
    pub fn fits(&self, event: &EventReport) -> bool {
        self.event == event.event
            && self.stage.as_ref().is_none_or(|stage| event.stage.as_ref() == Some(stage))
    }
}

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (word, stage) = match text.split_once(':') {
            Some((word, stage)) => (word, Some(stage)),
            None => (text, None),
        };
        let event = EventKind::ALL.into_iter().find(|kind| kind.word() == word);
        let words = || EventKind::ALL.map(EventKind::word).join(", ");
        let event = event.ok_or_else(|| format!("the events are {}", words()))?;
        let Some(stage) = stage else { return Ok(Self { event, stage: None }) };
        if !matches!(event, EventKind::Assignment | EventKind::Unassignment) {
            return Err(format!("a {word} has no stage"));
        }
        let stage = stage.parse().map_err(|error: gto::name::InvalidName| error.to_string())?;
        Ok(Self { event, stage: Some(stage) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_may_have_a_stage_where_there_is_one() {
        for good in ["registration", "assignment", "assignment:prod", "unassignment:prod-1"] {
            assert!(good.parse::<Only>().is_ok(), "{good}");
        }
        for bad in
            ["", "prod", "assign", "registration:prod", "assignment:", "assignment:a b", "deprecation:x"]
        {
            assert!(bad.parse::<Only>().is_err(), "{bad}");
        }
    }
}
