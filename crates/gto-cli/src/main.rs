//! The binary `gto`. Everything else is in this package's library, so that tests and tools can use it.

use std::process::ExitCode;

fn main() -> ExitCode {
    gto_cli::main()
}
