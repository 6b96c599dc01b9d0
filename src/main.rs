//! The program: nothing but the way into [`cli`](rtmp_inspect::cli).

use std::process::ExitCode;

fn main() -> ExitCode {
    rtmp_inspect::cli::run()
}
