#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gto::fuzzing::run("policy", data));
