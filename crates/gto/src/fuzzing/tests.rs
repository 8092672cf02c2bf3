use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::TARGETS;

/// `SplitMix64`: the same changes in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }
}

/// The seeds of a target, smallest first and in an order that does not depend on the machine.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds: Vec<Vec<u8>> =
        fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    seeds.sort_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
    seeds
}

/// A seed with a few changes: bits turned over, bytes that mean something, pieces cut out, doubled, or from another.
fn changed(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    const TELLING: &[u8] = b"\0\n\r\t \x1b\x7f\xff\xc3#@!=:/.-<>[]{}&*'\"09vZ";
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let end = at + chance.below((bytes.len() - at).min(64) + 1);
        match chance.below(6) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << chance.below(8)),
            1 => bytes.insert(at, TELLING[chance.below(TELLING.len())]),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
        }
    }
    bytes.truncate(64 * 1024);
    bytes
}

/// How long all targets are given together: `GTO_FUZZ_SECONDS`, or five seconds.
fn time_for_each() -> Duration {
    let seconds = std::env::var("GTO_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5.0);
    Duration::from_secs_f64(seconds) / u32::try_from(TARGETS.len()).unwrap()
}

#[test]
fn seeds_and_changes_to_them_break_no_promise() {
    // Whoever reads the failure wants the input: it is named, and written where it can become a seed.
    struct Tell<'a>(&'a str, &'a [u8]);
    impl Drop for Tell<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                let path = std::env::temp_dir().join(format!("gto-fuzz-{}", self.0));
                let _ = fs::write(&path, self.1);
                eprintln!("`{}` fails on {}: \"{}\"", self.0, path.display(), self.1.escape_ascii());
            }
        }
    }

    for (name, target) in TARGETS {
        let (seeds, end) = (seeds(name), Instant::now() + time_for_each());
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let mut runs = 0;
        let mut run = |bytes: &[u8]| {
            let _tell = Tell(name, bytes);
            target(bytes);
            runs += 1;
        };
        for seed in &seeds {
            run(seed);
        }
        let mut chance = Chance(u64::from(b'g'));
        while Instant::now() < end {
            run(&changed(&seeds, &mut chance));
        }
        println!("{name}: {} seeds, {runs} runs", seeds.len());
    }
}
