//! The binary `gto`. Everything else is in this package's library, so that tests and tools can use it.

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gto_cli::main()
}
