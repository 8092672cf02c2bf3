//! What was in each stage, and when.

use gto::name::StageName;
use gto::policy::Timeline as Changes;
use gto::state::Artifact;
use gto::time::Timestamp;
use gto::version::VersionLabel;
use serde::Serialize;
use utoipa::ToSchema;

/// More stays of a stage are not drawn.
const MOST_STAYS: usize = 200;
/// More lanes are not drawn.
const MOST_LANES: usize = 30;

/// What was in each stage, and when: one lane a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// The first moment.
    pub from: Timestamp,
    /// The last one: now, or that of the page.
    pub to: Timestamp,
    pub lanes: Vec<Lane>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    pub stage: StageName,
    /// Oldest first.
    pub stays: Vec<Stay>,
    /// Stays before these.
    pub older: usize,
    /// Where it is in the picture.
    #[serde(skip)]
    pub top: usize,
}

/// A version in a stage.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Stay {
    #[schema(value_type = String)]
    pub version: VersionLabel,
    #[schema(value_type = String)]
    pub from: Timestamp,
    /// `None` if it is there still.
    #[schema(required, value_type = Option<String>)]
    pub to: Option<Timestamp>,
    /// Who put it there.
    pub author: String,
    /// The tag that did.
    pub tag: String,
    /// Whether it is lower than what was there before.
    pub is_rollback: bool,
    /// Where it begins and how long it is, in per cent of the whole.
    #[serde(skip)]
    pub left: f64,
    #[serde(skip)]
    pub width: f64,
}

impl Timeline {
    /// Of an artifact, until `now`; `None` if nothing ever was in a stage.
    pub fn new(artifact: &Artifact, order: &[StageName], now: Timestamp) -> Option<Self> {
        let changes = Changes::of(artifact.events(), |_| true);
        let mut stages: Vec<&StageName> = changes.stages();
        let place = |stage: &StageName| order.iter().position(|known| known == stage).unwrap_or(order.len());
        stages.sort_by_key(|stage| (place(stage), (*stage).clone()));
        stages.truncate(MOST_LANES);
        let from = artifact.events().first()?.tagger.time;
        let newest = artifact.newest_event()?.tagger.time;
        let to = if newest.seconds() > now.seconds() { newest } else { now };
        let mut lanes: Vec<Lane> = stages.into_iter().map(|stage| lane(artifact, &changes, stage)).collect();
        lanes.retain(|lane| !lane.stays.is_empty());
        for (place, lane) in lanes.iter_mut().enumerate() {
            lane.top = place * LANE + 4;
        }
        for stay in lanes.iter_mut().flat_map(|lane| &mut lane.stays) {
            stay.place(from, to);
        }
        (!lanes.is_empty()).then_some(Self { from, to, lanes })
    }

    /// The height of what is drawn in a lane.
    #[expect(clippy::unused_self, reason = "templates ask a value")]
    pub fn bar(&self) -> usize {
        LANE - 8
    }

    /// The height of the picture.
    pub fn height(&self) -> usize {
        self.lanes.len() * LANE + 8
    }
}

/// The height of a lane.
const LANE: usize = 34;

impl Lane {
    /// For the table.
    pub fn newest_first(&self) -> impl Iterator<Item = &Stay> {
        self.stays.iter().rev()
    }

    /// The middle of the lane.
    pub fn middle(&self) -> usize {
        self.top + (LANE - 8) / 2
    }
}

fn lane(artifact: &Artifact, changes: &Changes, stage: &StageName) -> Lane {
    let mut stays: Vec<Stay> = Vec::new();
    let mut before: Option<VersionLabel> = None;
    for change in changes.changes_of(stage) {
        let event = &artifact.events()[change.event];
        let time = event.tagger.time;
        if let Some(open) = stays.last_mut().filter(|stay| stay.to.is_none()) {
            open.to = Some(time);
        }
        let Some(after) = &change.after else { continue };
        let is_rollback = before.as_ref().is_some_and(|before| after.label.cmp_listed(before).is_lt());
        before = Some(after.label.clone());
        stays.push(Stay {
            version: after.label.clone(),
            from: time,
            to: None,
            author: event.tagger.name.to_string(),
            tag: event.tag.clone(),
            is_rollback,
            left: 0.0,
            width: 0.0,
        });
    }
    let older = stays.len().saturating_sub(MOST_STAYS);
    Lane { stage: stage.clone(), stays: stays.split_off(older), older, top: 0 }
}

impl Stay {
    /// The class of a bar that is too short for its text: on a phone, or everywhere. A letter is about 8 pixels wide.
    pub fn room(&self) -> &'static str {
        /// The width of the picture on a phone, and on a small screen.
        const WIDTHS: [f64; 2] = [250.0, 850.0];
        let letters = u8::try_from(self.version.short().chars().count()).unwrap_or(u8::MAX);
        let text = 12.0 + 8.0 * (f64::from(letters) + if self.is_rollback { 2.0 } else { 0.0 });
        match WIDTHS.map(|width| self.width / 100.0 * width >= text) {
            [true, _] => "",
            [false, true] => " short",
            [false, false] => " tight",
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
    fn place(&mut self, from: Timestamp, to: Timestamp) {
        let whole = (to.seconds() - from.seconds()).max(1) as f64;
        let share =
            |time: Timestamp| ((time.seconds() - from.seconds()) as f64 / whole * 100.0).clamp(0.0, 100.0);
        self.left = share(self.from).min(99.6);
        self.width = (share(self.to.unwrap_or(to)) - self.left).max(0.4);
    }
}
