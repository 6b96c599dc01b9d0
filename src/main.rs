use std::process::ExitCode;

fn main() -> ExitCode {
    rtmp_inspect::cli::run()
}
