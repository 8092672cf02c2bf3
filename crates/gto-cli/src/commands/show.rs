//! `gto show`

use clap::{Args, ValueEnum};

use gto::annotation::Annotation;
use gto::compat::{Ids, RegistryJson, VersionJson};
use gto::query::{AnnotatedAt, AnnotationFilter, ShowOptions, StageSort};
use gto::reference::Reference;
use gto::report::{ArtifactReport, RegistryReport, VersionReport};
use gto::version::VersionLabel;
use gto::{Detail, Located, Registry, VersionsReport};
use gto_frontend::advice;

use super::operand;
use crate::args::{PolicyArgs, RepoArgs};
use crate::candidates;
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::output::json;
use crate::output::table::{Cells, STAGE, Style, Table};

/// What is printed where there is nothing, as in the Python tool.
pub const NOTHING_FOUND: &str = "Nothing found in the current workspace";

/// The columns that a narrow terminal can do without, the first one first.
const FIRST_TO_GO: &[&str] = &["description", "labels", "type", "path"];

/// Show the registry state, highest version, or what's assigned in stage
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gto show                          the registry\n  \
    gto show model                    all versions of an artifact\n  \
    gto show model@latest --version   only the highest version\n  \
    gto show model#prod --ref         the tag of the version in stage `prod`\n  \
    gto show '#prod'                  what every artifact has in stage `prod`\n  \
    gto show --at HEAD                what is registered and assigned at a commit")]
pub struct Show {
    /// Artifact name to show, or a shortcut, or '#STAGE' for what is in that stage. If omitted, show the registry
    #[arg(add = candidates::references())]
    name: Option<String>,

    #[command(flatten)]
    repo: RepoArgs,

    #[command(flatten)]
    policy: PolicyArgs,

    /// Print output in json format
    #[arg(long)]
    json: bool,

    /// Print table in grep-able format
    #[arg(long)]
    plain: bool,

    /// Show artifact name
    #[arg(long = "name")]
    name_only: bool,

    /// Output artifact version
    #[arg(long = "version")]
    version_only: bool,

    /// Show artifact stage
    #[arg(long = "stage")]
    stage_only: bool,

    /// Show ref
    #[arg(long = "ref")]
    ref_only: bool,

    /// Show only registered versions
    #[arg(long = "registered-only", visible_alias = "ro")]
    registered_only: bool,

    /// Include deprecated in output
    #[arg(long, short)]
    deprecated: bool,

    /// Show N last stages for each version. -1 for all
    #[arg(
        long,
        visible_alias = "av",
        value_name = "N",
        default_value_t = -1,
        allow_negative_numbers = true
    )]
    assignments_per_version: i64,

    /// Show N last versions for each stage. -1 for all. Default: 1, or all with --at. Applied after
    /// 'assignments-per-version'
    #[arg(long, visible_alias = "vs", value_name = "N", allow_negative_numbers = true)]
    versions_per_stage: Option<i64>,

    /// Order assignments by timestamp or semver
    #[arg(long, value_enum, default_value_t = SortArg::Timestamp)]
    sort: SortArg,

    /// Show only versions and stages at the commit REV
    #[arg(long, value_name = "REV", add = candidates::revisions())]
    at: Option<String>,

    /// Show only artifacts of this type (see `gto describe`), as annotated in the current commit or, with `-a` and
    /// `-A`, in the newest commit that names them
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// Show only artifacts with this label; if repeated, with all of them
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,

    /// Add the annotations to the table: type, path, labels and description
    #[arg(long, conflicts_with_all = ["json", "name_only", "version_only", "stage_only", "ref_only"])]
    wide: bool,

    /// Look for annotated artifacts in the newest commit of each branch, instead of only the current commit
    #[arg(long, short, conflicts_with_all = ["all_commits", "at"])]
    all_branches: bool,

    /// Look for annotated artifacts in all commits of all branches
    #[arg(long, short = 'A', conflicts_with = "at")]
    all_commits: bool,

    /// Check the signatures of each version's tags, and add the results: see `gto verify`
    #[arg(long, conflicts_with_all = ["name_only", "version_only", "stage_only", "ref_only"])]
    verify: bool,
}

/// Which assignment of a stage comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SortArg {
    /// The newest
    Timestamp,
    /// The one with the highest version
    Semver,
}

/// The one value of each row that is printed bare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Version,
    Stage,
    Ref,
}

impl Field {
    fn flag(self) -> &'static str {
        match self {
            Self::Name => "--name",
            Self::Version => "--version",
            Self::Stage => "--stage",
            Self::Ref => "--ref",
        }
    }
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Table(Style),
    Field(Field),
}

impl Show {
    /// The registry, as it is shown by default.
    pub fn of_registry(repo: RepoArgs, policy: PolicyArgs, json: bool, plain: bool) -> Self {
        Self {
            name: None,
            repo,
            policy,
            json,
            plain,
            name_only: false,
            version_only: false,
            stage_only: false,
            ref_only: false,
            registered_only: false,
            deprecated: false,
            assignments_per_version: -1,
            versions_per_stage: None,
            sort: SortArg::Timestamp,
            at: None,
            kind: None,
            label: Vec::new(),
            wide: false,
            all_branches: false,
            all_commits: false,
            verify: false,
        }
    }

    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<()> {
        let format = self.format()?;
        let options = ShowOptions {
            registered_only: self.registered_only,
            deprecated: self.deprecated,
            // An invalid limit is reported only if there is something to limit, as in the Python tool.
            assignments_per_version: usize::try_from(self.assignments_per_version).ok(),
            versions_per_stage: usize::try_from(self.versions_per_stage()).ok(),
            sort: match self.sort {
                SortArg::Timestamp => StageSort::Timestamp,
                SortArg::Semver => StageSort::SemVer,
            },
            annotated_at: match (self.all_branches, self.all_commits) {
                (_, true) => AnnotatedAt::Commits,
                (true, _) => AnnotatedAt::Branches,
                _ => AnnotatedAt::Head,
            },
            annotation: AnnotationFilter { kind: self.kind.clone(), labels: self.label.clone() },
            annotations: self.wide,
        };
        let registry = context.open_reader(&self.repo.repo, self.policy)?;
        let result = self.print(context, &registry, &options, format);
        context.tell_left_out(&registry);
        result
    }

    fn print(
        &self,
        context: &mut Context,
        registry: &Registry,
        options: &ShowOptions,
        format: Format,
    ) -> Result<()> {
        let detail = if format == Format::Json { Detail::Full } else { Detail::Brief };
        match (self.name.as_deref(), &self.at) {
            (None, None) if self.verify => Err(CommandError::arguments(
                "`--verify` is for the versions of an artifact",
                "name one: `gto show NAME --verify`; `gto verify` checks all tags of the registry".to_owned(),
            )),
            (None, None) => self.show_registry(context, registry, options, format),
            (None, Some(revision)) => {
                let mut answer = registry.show_at(revision, options, detail)?;
                if matches!(format, Format::Field(_)) {
                    answer = answer.unless_damaged()?;
                }
                self.check_limits()?;
                self.verify(registry, &mut answer.value)?;
                warn(context, &answer.warnings);
                print_versions(context, &answer.value, format, self.wide, "at that commit")
            }
            (Some(name), None) if name.starts_with('#') => {
                let stage = operand::stage(&name[1..])?;
                let mut answer = registry.show_stage(&stage, options, detail)?;
                if matches!(format, Format::Field(_)) {
                    answer = answer.unless_damaged()?;
                }
                self.check_limits()?;
                self.verify(registry, &mut answer.value)?;
                warn(context, &answer.warnings);
                let mut of_what = format!("in stage '{stage}'");
                if answer.value.versions.is_empty()
                    && let Some(why) = advice::other_stages(registry, stage.as_str())
                {
                    of_what = format!("{of_what}: {}", why.for_shell());
                }
                print_versions(context, &answer.value, format, self.wide, &of_what)
            }
            (Some(name), at) => {
                let reference = Reference::parse(name);
                if self.print_picked(context, registry, &reference, options, format)? {
                    return Ok(());
                }
                let mut answer = registry.show_versions(&reference, options, detail)?;
                // What is picked is acted on, and may be the version before (decision D27).
                if reference.selector.is_some() || matches!(format, Format::Field(_)) {
                    answer = answer.unless_damaged()?;
                }
                self.check_limits()?;
                warn(context, &answer.warnings);
                if let Some(revision) = at {
                    let commit = registry.resolve(revision)?;
                    warn(context, registry.ambiguity(revision).as_slice());
                    answer.value.versions.retain(|version| version.commit == commit);
                }
                self.verify(registry, &mut answer.value)?;
                let mut of_what = format!("for '{name}'");
                if answer.value.versions.is_empty() && at.is_none() {
                    let filtered = || self.filtered_out(registry, &reference, options);
                    let deprecated = || advice::deprecated_version(registry, name, &reference, options);
                    let similar = || advice::similar_shortcut(registry, &reference);
                    if let Some(why) = filtered() {
                        of_what = format!("{of_what} {why}");
                    } else if let Some(why) = deprecated().or_else(similar) {
                        of_what = format!("{of_what}: {}", why.for_shell());
                    }
                }
                print_versions(context, &answer.value, format, self.wide, &of_what)
            }
        }
    }

    /// Prints a bare value of the versions that a shortcut picks, where a few tags say which they are. `false` if all tags must
    /// be read.
    fn print_picked(
        &self,
        context: &mut Context,
        registry: &Registry,
        reference: &Reference,
        options: &ShowOptions,
        format: Format,
    ) -> Result<bool> {
        let value: fn(&Located) -> String = match format {
            Format::Field(Field::Name) => |found| found.artifact.to_string(),
            Format::Field(Field::Version) => {
                |found| found.version.as_ref().map(VersionLabel::short).unwrap_or_default()
            }
            Format::Field(Field::Ref) => |found| found.reference.clone(),
            _ => return Ok(false),
        };
        if self.at.is_some() {
            return Ok(false);
        }
        let Some(answer) = registry.pick(reference, options)? else { return Ok(false) };
        self.check_limits()?;
        warn(context, &answer.warnings);
        let mut lines: Vec<String> = answer.value.iter().map(value).collect();
        if format == Format::Field(Field::Name) {
            lines.dedup();
        }
        for line in lines {
            context.printer.line(line)?;
        }
        Ok(true)
    }

    /// There are versions, but none matches the annotation filter.
    fn filtered_out(
        &self,
        registry: &Registry,
        reference: &Reference,
        options: &ShowOptions,
    ) -> Option<String> {
        let all = ShowOptions { annotation: AnnotationFilter::default(), ..options.clone() };
        let answer =
            options.annotation.is_set().then(|| registry.show_versions(reference, &all, Detail::Brief));
        let filter = match (&self.kind, self.label.is_empty()) {
            (Some(_), true) => "--type",
            (None, _) => "--label",
            (Some(_), false) => "--type or --label",
        };
        let is_there = !answer?.ok()?.value.versions.is_empty();
        is_there.then(|| format!("that is annotated so: leave out {filter}"))
    }

    fn verify(&self, registry: &Registry, report: &mut VersionsReport) -> Result<()> {
        if self.verify {
            registry.verify_versions(report)?;
        }
        Ok(())
    }

    fn format(&self) -> Result<Format> {
        let formats = [
            (self.json, Format::Json),
            (self.plain, Format::Table(Style::Plain)),
            (self.name_only, Format::Field(Field::Name)),
            (self.version_only, Format::Field(Field::Version)),
            (self.stage_only, Format::Field(Field::Stage)),
            (self.ref_only, Format::Field(Field::Ref)),
        ];
        let mut wanted = formats.into_iter().filter_map(|(wanted, format)| wanted.then_some(format));
        match (wanted.next(), wanted.next()) {
            (format, None) => Ok(format.unwrap_or(Format::Table(Style::FancyOutline))),
            (_, Some(_)) => Err(CommandError::arguments(
                "Only one output format allowed",
                "choose one of --json, --plain, --name, --version, --stage, --ref".to_owned(),
            )),
        }
    }

    /// One, or at a commit all: what is assigned there counts, whatever is assigned elsewhere.
    fn versions_per_stage(&self) -> i64 {
        self.versions_per_stage.unwrap_or(if self.at.is_some() { -1 } else { 1 })
    }

    fn check_limits(&self) -> Result<()> {
        let too_small = if self.assignments_per_version < -1 {
            "'assignments_per_version' must be >= -1"
        } else if self.versions_per_stage() < -1 {
            "'versions_per_stage' must be >=-1"
        } else {
            return Ok(());
        };
        Err(CommandError::arguments(too_small, "-1 shows all".to_owned()))
    }

    fn show_registry(
        &self,
        context: &mut Context,
        registry: &Registry,
        options: &ShowOptions,
        format: Format,
    ) -> Result<()> {
        let answer = registry.show(options)?;
        warn(context, &answer.warnings);
        let is_damaged = answer.has_damage();
        let report = answer.value;
        if !report.artifacts.is_empty() && !report.stages.is_empty() {
            self.check_limits()?;
        }
        let printer = &mut context.printer;
        match format {
            Format::Json => printer.line(json::to_string(&RegistryJson(&report, Ids::Full))?)?,
            // The empty result may be wrong: the warning explains why.
            Format::Field(_) | Format::Table(_) if report.artifacts.is_empty() && is_damaged => {}
            Format::Field(field) if report.artifacts.is_empty() => {
                printer.hint(format!("nothing to print for {}: there is no artifact", field.flag()));
            }
            Format::Field(Field::Name) => {
                for artifact in by_name(&report) {
                    printer.line(marked_name(artifact))?;
                }
            }
            Format::Field(field) => {
                let hint = format!("name an artifact: `gto show NAME {}`", field.flag());
                return Err(CommandError::arguments(format!("Cannot apply {}", field.flag()), hint));
            }
            Format::Table(_) if report.artifacts.is_empty() => {
                printer.line(NOTHING_FOUND)?;
                if options.annotation.is_set() {
                    let place = match options.annotated_at {
                        AnnotatedAt::Head => "at the current commit",
                        AnnotatedAt::Branches => "on any branch",
                        AnnotatedAt::Commits => "in the newest commit that names it",
                    };
                    printer.hint(format!("no artifact is annotated so {place}: leave out --type or --label"));
                } else if let Some(why) = advice::nothing_registered(registry) {
                    printer.hint(why.for_shell());
                }
            }
            Format::Table(style) => {
                let stages: Vec<String> = report.stages.iter().map(|stage| format!("#{stage}")).collect();
                let mut headers: Vec<&str> =
                    ["name", "latest"].into_iter().chain(stages.iter().map(String::as_str)).collect();
                headers.extend(ANNOTATION_COLUMNS.into_iter().filter(|_| self.wide));
                let artifacts = by_name(&report);
                let table = Table {
                    style,
                    headers: &headers,
                    rows: &artifacts,
                    unordered: &[],
                    look: |_| 0,
                    cells: |artifact: &&ArtifactReport, cells: &mut Cells| {
                        registry_row(artifact, cells);
                        if self.wide {
                            annotation_cells(
                                artifact.annotation.as_ref().map(|found| &found.annotation),
                                cells,
                            );
                        }
                    },
                };
                // Stages last, and those on the right first.
                let stages = stages.iter().rev().map(String::as_str);
                let first_to_go: Vec<&str> = FIRST_TO_GO.iter().copied().chain(stages).collect();
                printer.table(&table, &first_to_go)?;
            }
        }
        Ok(())
    }
}

/// Tells what an answer left out.
pub fn warn(context: &mut Context, warnings: &[gto::plan::Warning]) {
    for warning in warnings {
        context.printer.warning(warning.to_string());
    }
}

fn by_name(report: &RegistryReport) -> Vec<&ArtifactReport> {
    let mut artifacts: Vec<_> = report.artifacts.iter().collect();
    artifacts.sort_by_key(|artifact| &artifact.name);
    artifacts
}

/// The name as the registry shows it: with a star if there is nothing but an annotation.
fn marked_name(artifact: &ArtifactReport) -> String {
    let mark = if artifact.registered { "" } else { "*" };
    format!("{mark}{}", artifact.name)
}

/// The columns that `--wide` adds.
pub const ANNOTATION_COLUMNS: [&str; 4] = ["type", "path", "labels", "description"];

/// Their cells.
pub fn annotation_cells(annotation: Option<&Annotation>, cells: &mut Cells) {
    let present = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    cells.push_option(annotation.and_then(|annotation| annotation.kind.as_deref()));
    cells.push_option(annotation.and_then(|annotation| annotation.path.as_deref()));
    cells.push_option(annotation.and_then(|annotation| present(&annotation.labels.join(", "))).as_deref());
    cells.push_option(annotation.and_then(|annotation| present(annotation.description.trim())).as_deref());
}

fn registry_row(artifact: &ArtifactReport, cells: &mut Cells) {
    cells.push(&marked_name(artifact));
    match &artifact.latest {
        Some(version) => cells.push(&version.short()),
        None => cells.push_missing(),
    }
    for (_, versions) in &artifact.stages {
        let labels: Vec<String> = versions.iter().map(VersionLabel::short).collect();
        cells.push_option((!labels.is_empty()).then(|| labels.join(", ")).as_deref());
        if !labels.is_empty() {
            cells.color(STAGE);
        }
    }
}

fn print_versions(
    context: &mut Context,
    report: &VersionsReport,
    format: Format,
    wide: bool,
    of_what: &str,
) -> Result<()> {
    let printer = &mut context.printer;
    let versions = &report.versions;
    match format {
        Format::Json => {
            let versions: Vec<VersionJson> = versions.iter().map(VersionJson::shown).collect();
            printer.line(json::to_string(&versions)?)?;
        }
        Format::Field(field) if versions.is_empty() => {
            printer.hint(format!("nothing to print for {}: there is no version {of_what}", field.flag()));
        }
        Format::Field(Field::Name) => {
            let mut names: Vec<String> =
                versions.iter().map(|version| version.artifact.to_string()).collect();
            names.dedup();
            for name in names {
                printer.line(name)?;
            }
        }
        Format::Field(field) => {
            for version in versions {
                printer.line(field_of(version, field))?;
            }
        }
        Format::Table(_) if versions.is_empty() => {
            printer.line(NOTHING_FOUND)?;
            printer.hint(format!("there is no version {of_what}"));
        }
        Format::Table(style) => {
            let is_verified = versions.iter().any(|version| version.verified.is_some());
            let mut headers = vec!["artifact", "version", "stage", "created_at", "ref"];
            headers.extend(ANNOTATION_COLUMNS.into_iter().filter(|_| wide));
            headers.extend(is_verified.then_some("verified"));
            let cells = |version: &VersionReport, cells: &mut Cells| {
                version_row(version, report.registered, cells);
                if wide {
                    annotation_cells(version.annotation(), cells);
                }
                if let Some(verified) = version.verified {
                    cells.push(verified.word());
                }
            };
            let table =
                Table { style, headers: &headers, rows: versions, unordered: &[], look: |_| 0, cells };
            // The reference is artifact and version again.
            let first_to_go: Vec<&str> = FIRST_TO_GO.iter().copied().chain(["ref", "artifact"]).collect();
            printer.table(&table, &first_to_go)?;
        }
    }
    Ok(())
}

fn field_of(version: &VersionReport, field: Field) -> String {
    match field {
        Field::Name => version.artifact.to_string(),
        Field::Version => version.short_version(),
        Field::Stage => version.stage_names(),
        Field::Ref => version.short_tag(),
    }
}

fn version_row(version: &VersionReport, registered: bool, cells: &mut Cells) {
    let mark = if registered { "" } else { "*" };
    cells.push(&format!("{mark}{}", version.artifact));
    cells.push(&version.short_version());
    cells.push_colored(&version.stage_names(), STAGE);
    match version.created_at {
        Some(time) => cells.push_time(time),
        None => cells.push_missing(),
    }
    cells.push(&version.short_tag());
}
