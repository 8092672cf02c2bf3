//! What the engine costs without Git: parsing the names of tags, folding events, and writing reports as JSON.
//!
//! `cargo bench -p gto`. What a whole command costs, beside git, is measured by `cargo xtask bench`.

#![allow(missing_docs, reason = "the macros of criterion make public items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gto::Timestamp;
use gto::compat::{HistoryJson, Ids, RegistryJson};
use gto::event::Event;
use gto::object_id::ObjectId;
use gto::query::{HistoryOptions, ShowOptions};
use gto::report::{ArtifactSummary, EventReport, History, RegistryReport};
use gto::signature::Signature;
use gto::state::{Artifact, State};
use gto::tag::TagName;

/// The versions of each artifact: those of the registries of `cargo xtask bench`.
const VERSIONS: u16 = 100;
/// The artifacts of a registry.
const ARTIFACTS: u16 = 100;
const STAGES: [&str; 3] = ["dev", "staging", "prod"];

fn parsing(criterion: &mut Criterion) {
    let names = [
        ("registration", "model-00042@v1.20.3"),
        ("registration in a folder", "team7=dir3=model-00042@v1.20.3-rc.1"),
        ("assignment", "model-00042#prod#118"),
        ("deregistration", "model-00042@v1.20.3!#119"),
        ("somebody else's", "release-2024-03-04"),
    ];
    let mut group = criterion.benchmark_group("parse a tag's name");
    group.throughput(Throughput::Elements(1));
    for (kind, name) in names {
        group.bench_function(kind, |bencher| bencher.iter(|| black_box(name).parse::<TagName>()));
    }
    group.finish();
}

fn folding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fold events");
    let artifact = events(0);
    let name = artifact[0].artifact().clone();
    group.throughput(Throughput::Elements(artifact.len() as u64));
    group.bench_function("of an artifact with 100 versions", |bencher| {
        bencher.iter_batched(
            || artifact.clone(),
            |events| Artifact::from_events(name.clone(), events),
            BatchSize::SmallInput,
        );
    });
    let registry: Vec<Event> = (0..ARTIFACTS).flat_map(events).collect();
    group.throughput(Throughput::Elements(registry.len() as u64));
    group.bench_function("of 100 artifacts with 100 versions each", |bencher| {
        bencher.iter_batched(|| registry.clone(), State::from_events, BatchSize::LargeInput);
    });
    group.finish();
}

fn rendering(criterion: &mut Criterion) {
    let state = State::from_events((0..ARTIFACTS).flat_map(events));
    let summaries = |options: &ShowOptions| -> Vec<ArtifactSummary> {
        state.artifacts().iter().map(|artifact| ArtifactSummary::new(artifact, options)).collect()
    };
    let journal = |options: &HistoryOptions| {
        let entries = state.artifacts().iter().map(|artifact| EventReport::of(artifact.clone(), options));
        History::new(entries.collect(), options)
    };
    let show = RegistryReport::new(summaries(&ShowOptions::default()), None, &ShowOptions::default());
    let history = journal(&HistoryOptions::default());

    let mut group = criterion.benchmark_group("render 100 artifacts with 100 versions each");
    group.bench_function("make the report of show", |bencher| {
        let options = ShowOptions::default();
        bencher.iter(|| RegistryReport::new(summaries(&options), None, &options));
    });
    group.bench_function("make the report of history", |bencher| {
        bencher.iter(|| journal(&HistoryOptions::default()));
    });
    group.bench_function("show as JSON", |bencher| bencher.iter(|| json(&RegistryJson(&show, Ids::Full))));
    group.bench_function("history as JSON", |bencher| {
        bencher
            .iter(|| json(&HistoryJson { history: &history, ids: Ids::Full, verified: None, judged: None }));
    });
    group.finish();
}

fn json(report: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(report).expect("a report has nothing that JSON has not")
}

/// The events of an artifact: a version on each commit, two of three in a stage.
fn events(artifact: u16) -> Vec<Event> {
    let mut counter = 0;
    let of_version = |version: u16| {
        let registration = format!("model-{artifact:05}@v0.{}.{}", version / 10, version % 10);
        let mut events = vec![event(&registration, artifact, version, 0)];
        if !version.is_multiple_of(3) {
            counter += 1;
            let stage = STAGES[usize::from((version + artifact) % 3)];
            let assignment = format!("model-{artifact:05}#{stage}#{counter}");
            events.push(event(&assignment, artifact, version, 1));
        }
        events
    };
    (0..VERSIONS).flat_map(of_version).collect()
}

fn event(tag: &str, artifact: u16, version: u16, step: u16) -> Event {
    let name: TagName = tag.parse().expect("the name of a tag");
    let seconds = 1_600_000_000
        + (i64::from(version) * i64::from(ARTIFACTS) + i64::from(artifact)) * 2
        + i64::from(step);
    Event {
        tag: tag.into(),
        tag_id: id(&[artifact, version, step]),
        message: format!("Event of {}", name.artifact),
        name,
        commit: id(&[version]),
        tagger: Signature {
            name: "Ada Tester".into(),
            email: "ada@example.com".into(),
            time: Timestamp::new(seconds, 0).expect("a time of this century"),
        },
    }
}

/// An object id made of these numbers.
fn id(numbers: &[u16]) -> ObjectId {
    let mut bytes = [0; 20];
    for (place, number) in bytes.chunks_mut(2).zip(numbers) {
        place.copy_from_slice(&number.to_be_bytes());
    }
    ObjectId::from_bytes(&bytes).expect("twenty bytes are an id")
}

criterion_group! {
    name = engine;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = parsing, folding, rendering
}
criterion_main!(engine);
