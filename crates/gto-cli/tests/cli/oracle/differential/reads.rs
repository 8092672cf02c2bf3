//! Owns which questions a registry is asked. Must not run them.
//!
//! Every registry is asked the questions that show everything; of the many combinations of names and flags it is
//! asked as many as fit into the time, drawn by its seed. Combinations that show one of the decisions are left out
//! where they are drawn, with its number.

use gto_testkit::random::{ArtifactSpec, RegistrySpec, SplitMix};

use super::case::{Allow, Case};

/// The questions to ask.
pub fn choose(spec: &RegistrySpec, chance: &mut SplitMix) -> Vec<Case> {
    let mut cases: Vec<Case> = [
        &["show"][..],
        &["show", "--json", "-d", "--vs", "-1"],
        &["history"],
        &["history", "--json"],
        &["print-state"],
        &["stages"],
    ]
    .into_iter()
    .map(|args| Case::new(args.iter().copied()))
    .collect();
    let names = names(spec);
    for (draw, times) in [
        (registry as Draw, 6),
        (artifact, 9),
        (shortcut, 7),
        (history, 3),
        (check_ref, 9),
        (stages, 2),
        (parse_tag, 3),
    ] {
        cases.extend((0..times).map(|_| draw(spec, &names, chance)));
    }
    for case in &mut cases {
        allow_decisions(spec, case);
        if chance.one_in(10) {
            case.env.push(("GTO_EMOJIS", "false"));
        }
    }
    cases
}

type Draw = fn(&RegistrySpec, &[String], &mut SplitMix) -> Case;

/// Every artifact that is there, and one that is not.
fn names(spec: &RegistrySpec) -> Vec<String> {
    let tagged = spec.artifacts.iter().map(|artifact| artifact.name.clone());
    let annotated = spec.commits[spec.head].annotated.iter().cloned();
    let mut names: Vec<String> = tagged.chain(annotated).chain(["no-such".to_owned()]).collect();
    names.sort();
    names.dedup();
    names
}

fn allow_decisions(spec: &RegistrySpec, case: &mut Case) {
    let flags_only =
        case.args[1..].iter().all(|arg| arg.starts_with('-') || arg.parse::<i32>().is_ok() || is_sort(arg));
    let table = !case.has("--json");
    match case.args[0].as_str() {
        "show" if flags_only && table && spec.has_long_versions() => case.allow = Allow::CutVersions,
        "stages" if case.has("--used") && !case.has("--allowed") => {
            case.allow = Allow::EveryUsedStage(spec.used_stages().into_iter().collect());
        }
        _ => {}
    }
}

fn is_sort(arg: &str) -> bool {
    ["timestamp", "semver", "bogus"].contains(&arg)
}

/// `show` of the whole registry.
fn registry(spec: &RegistrySpec, _: &[String], chance: &mut SplitMix) -> Case {
    let mut args = vec!["show".to_owned()];
    let formats = [
        "",
        "",
        "--json",
        "--json",
        "--plain",
        "--plain",
        "--name",
        "--version",
        "--stage",
        "--ref",
        "--json --plain",
    ];
    add(&mut args, chance.pick(&formats));
    filters(spec, chance, &mut args, true);
    Case::new(args)
}

/// `show NAME`.
fn artifact(spec: &RegistrySpec, names: &[String], chance: &mut SplitMix) -> Case {
    let name = chance.pick(names);
    show_one(spec, chance, name.clone(), &name)
}

/// `show NAME@latest` and the like, of what is there and of what is not.
fn shortcut(spec: &RegistrySpec, names: &[String], chance: &mut SplitMix) -> Case {
    let name = chance.pick(names);
    let known = find(spec, &name);
    let versions: Vec<String> = known
        .into_iter()
        .flat_map(|artifact| &artifact.versions)
        .map(|version| version.version.clone())
        .collect();
    let stages: Vec<String> = spec.used_stages().into_iter().chain(["no-such".to_owned()]).collect();
    let suffix = match chance.below(8) {
        0 | 1 => "@latest".to_owned(),
        2 => "@greatest".to_owned(),
        3 | 4 => format!("@{}", chance.maybe_pick(&versions).unwrap_or("v77.7.7".to_owned())),
        5 => "@v88.8.8".to_owned(),
        _ => format!("#{}", chance.pick(&stages)),
    };
    show_one(spec, chance, format!("{name}{suffix}"), &name)
}

fn show_one(spec: &RegistrySpec, chance: &mut SplitMix, what: String, name: &str) -> Case {
    let mut args = vec!["show".to_owned()];
    // D19: not --name. D9: a list of bare values does not tell which of them are there twice.
    let is_listed =
        find(spec, name).is_some_and(|artifact| !artifact.unregistered.is_empty()) && !what.contains('@');
    let formats = ["", "", "--json", "--json", "--plain", "--version", "--stage", "--ref", "--version --ref"];
    let format = chance.pick(if is_listed { &formats[..5] } else { &formats });
    args.push(what);
    add(&mut args, format);
    // D13: the oracle shows unregistered commits in spite of --ro.
    let may_filter = !find(spec, name).is_none_or(|artifact| spec.has_unregistered(artifact));
    filters(spec, chance, &mut args, may_filter);
    Case::new(args)
}

fn filters(spec: &RegistrySpec, chance: &mut SplitMix, args: &mut Vec<String>, may_be_registered_only: bool) {
    if may_be_registered_only && chance.one_in(4) {
        add(args, chance.pick(&["--ro", "--registered-only"]));
    }
    if chance.one_in(3) {
        add(args, chance.pick(&["-d", "--deprecated"]));
    }
    if chance.one_in(3) {
        let count = chance.pick(&["-1", "-1", "0", "1", "2", "5", "-2", "x"]);
        add(args, &format!("{} {count}", chance.pick(&["--vs", "--versions-per-stage"])));
    }
    if chance.one_in(4) {
        // D11: only where the oldest N are the newest N.
        let most = spec.most_stages().to_string();
        let count = chance.pick(&["-1", "0", &most, "50", "-2"]);
        add(args, &format!("{} {count}", chance.pick(&["--av", "--assignments-per-version"])));
    }
    if chance.one_in(3) {
        add(args, chance.pick(&["--sort semver", "--sort semver", "--sort timestamp", "--sort bogus"]));
    }
}

fn history(_: &RegistrySpec, names: &[String], chance: &mut SplitMix) -> Case {
    let mut args = vec!["history".to_owned()];
    if chance.below(3) > 0 {
        args.push(chance.pick(names));
    }
    add(&mut args, chance.pick(&["", "--json", "--plain", "--json --plain"]));
    add(&mut args, chance.pick(&["", "", "--asc", "--ascending"]));
    Case::new(args)
}

fn check_ref(spec: &RegistrySpec, names: &[String], chance: &mut SplitMix) -> Case {
    let mut tag = match chance.below(12) {
        0 => format!("{}@v0.0.77", chance.pick(names)),
        1 => "main".to_owned(),
        2 => "no/such/tag".to_owned(),
        3 => chance.pick(&foreign(spec)),
        _ => chance.pick(&tags(spec)),
    };
    if chance.one_in(3) {
        tag = format!("refs/tags/{tag}");
    }
    let mut args = vec!["check-ref".to_owned()];
    let formats = ["", "--json", "--json", "--name", "--version", "--event", "--stage", "--name --stage"];
    add(&mut args, chance.pick(&formats));
    end_of_flags(&mut args, &tag);
    args.push(tag);
    Case::new(args)
}

fn stages(_: &RegistrySpec, _: &[String], chance: &mut SplitMix) -> Case {
    let mut args = vec!["stages".to_owned()];
    add(&mut args, chance.pick(&["", "--allowed", "--used", "--used", "--allowed --used"]));
    add(&mut args, chance.pick(&["", "--json"]));
    Case::new(args)
}

fn parse_tag(spec: &RegistrySpec, _: &[String], chance: &mut SplitMix) -> Case {
    let tag = match chance.below(8) {
        0 => chance
            .pick(&["m@created", "x/y=z#a/b!#007", "m@v1.0.0-rc.1+b#3", "a:b@v1.0.0", "m#prod!"])
            .to_owned(),
        1 => chance.pick(&foreign(spec)),
        _ => chance.pick(&tags(spec)),
    };
    let mut args = vec!["parse-tag".to_owned()];
    add(
        &mut args,
        chance.pick(&[
            "",
            "",
            "--key name",
            "--key action",
            "--key version",
            "--key counter",
            "--key no-such",
        ]),
    );
    end_of_flags(&mut args, &tag);
    args.push(tag);
    Case::new(args)
}

/// GTO's tags; never none, so that one can be drawn.
fn tags(spec: &RegistrySpec) -> Vec<String> {
    spec.events.iter().map(|event| event.tag.clone()).chain(["m@v0.0.1".to_owned()]).collect()
}

/// Other people's tags; never none, so that one can be drawn.
fn foreign(spec: &RegistrySpec) -> Vec<String> {
    spec.foreign.iter().map(|tag| tag.tag.clone()).chain(["v1.2.3".to_owned()]).collect()
}

fn find<'a>(spec: &'a RegistrySpec, name: &str) -> Option<&'a ArtifactSpec> {
    spec.artifacts.iter().find(|artifact| artifact.name == name)
}

/// Adds the words of a flag.
fn add(args: &mut Vec<String>, words: &str) {
    args.extend(words.split_whitespace().map(str::to_owned));
}

/// Names that begin with a dash are names still.
fn end_of_flags(args: &mut Vec<String>, name: &str) {
    if name.starts_with('-') {
        args.push("--".to_owned());
    }
}
