//! What can be done from a page: buttons where the server writes, and what to type where it only shows.

use gto::name::StageName;
use gto::version::VersionLabel;
use gto_frontend::text::shell_quote;

use crate::app::App;
use crate::config::settings::WriteMode;
use crate::state::repository::ServedRepository;
use crate::state::row::{InStage, Row};
use crate::view::moment::Moment;
use crate::view::params::Params;
use crate::write::{command, form};

/// What can be done from a page about a repository.
pub struct Offers {
    /// Whether buttons do it.
    pub is_writing: bool,
    /// Of before, and of a state that may be another by now, nothing is offered.
    pub is_now: bool,
    source: String,
}

/// Something that can be done.
pub struct Offer {
    /// What the button says.
    pub label: String,
    /// The fields of its form.
    pub fields: Vec<(&'static str, String)>,
    /// What to type instead.
    pub command: String,
}

impl Offers {
    /// From a page that shows a repository at a moment.
    pub fn new(app: &App, repository: &ServedRepository, moment: &Moment) -> Self {
        Self {
            is_writing: app.settings.write != WriteMode::Off,
            is_now: moment.at.is_none() && repository.failing().is_none(),
            source: shell_quote(&repository.shown_source()),
        }
    }

    /// The repository, as one word of a shell.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// A button with these fields; nothing where nothing can be done.
    pub fn one(&self, label: String, fields: Vec<(&'static str, String)>) -> Option<Offer> {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(&fields);
        let request = form::request(&Params::form(text.finish().as_bytes())).ok()?;
        let command = format!("{} --repo {}", command::of(&request)?, self.source);
        self.is_now.then_some(Offer { label, fields, command })
    }

    /// To put a version into a stage. `expect` is what the stage shows on the page: if it shows something else by then, that is refused.
    pub fn assign(
        &self,
        row: &Row,
        version: &VersionLabel,
        stage: &StageName,
        label: String,
    ) -> Option<Offer> {
        let mut fields = vec![
            ("action", "assign".to_owned()),
            ("artifact", row.name.to_string()),
            ("version", version.number()?.to_string()),
            ("stage", stage.to_string()),
        ];
        let shown = row.in_stage(stage).and_then(|placed| placed.version.number());
        fields.extend(shown.map(|shown| ("expect", shown.to_string())));
        self.one(label, fields)
    }

    /// What to type to put a version into its first stage, of these.
    pub fn first_assignment(
        &self,
        row: &Row,
        version: &VersionLabel,
        stages: &[StageName],
    ) -> Option<String> {
        let dev = "dev".parse().ok();
        let stage = stages.first().or(dev.as_ref())?;
        Some(self.assign(row, version, stage, String::new())?.command)
    }

    /// What can be done about what is in a stage. `order` are the stages, if they have an order; `earlier` is what it
    /// would go back to.
    pub fn of_stage(
        &self,
        row: &Row,
        found: &InStage,
        order: Option<&[StageName]>,
        earlier: Option<&VersionLabel>,
    ) -> Vec<Offer> {
        let (stage, version) = (&found.stage, &found.placed.version);
        let mut offers = Vec::new();
        let next = order.and_then(|order| {
            let place = order.iter().position(|known| known == stage)?;
            order.get(place + 1)
        });
        let is_there = |next: &StageName| row.in_stage(next).is_some_and(|placed| placed.version == *version);
        if let Some(next) = next.filter(|next| !is_there(next)) {
            offers.extend(self.assign(row, version, next, format!("Promote to {next}")));
        }
        let back = earlier.map(|earlier| (format!("Roll back to {}", earlier.short()), "rollback"));
        for (label, action) in back.into_iter().chain([("Take out".to_owned(), "unassign")]) {
            let mut fields = vec![
                ("action", action.to_owned()),
                ("artifact", row.name.to_string()),
                ("stage", stage.to_string()),
            ];
            let shown = version.number().map(ToString::to_string);
            let shown = shown.map(|shown| (if action == "unassign" { "version" } else { "expect" }, shown));
            fields.extend(shown);
            offers.extend(self.one(label, fields));
        }
        offers
    }

    /// To take an artifact, or a version of it, out of use.
    pub fn retire(&self, row: &Row, version: Option<&VersionLabel>) -> Option<Offer> {
        let artifact = ("artifact", row.name.to_string());
        match version {
            Some(version) => {
                let fields = vec![
                    ("action", "deregister".to_owned()),
                    artifact,
                    ("version", version.number()?.to_string()),
                ];
                self.one("Deregister".to_owned(), fields)
            }
            None => self.one("Deprecate".to_owned(), vec![("action", "deprecate".to_owned()), artifact]),
        }
    }

    /// To register the next version.
    pub fn register(&self, row: &Row) -> Option<Offer> {
        let fields = vec![("action", "register".to_owned()), ("artifact", row.name.to_string())];
        self.one("Register the next version".to_owned(), fields)
    }
}
