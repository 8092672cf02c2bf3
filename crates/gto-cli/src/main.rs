//! The binary `gto`. Everything is in the library beside it, so that tests and tools can reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    gto_cli::main()
}
