//! Help, the manual page, completions and the documentation name the same commands and options.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

fn said(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The long options that a text names.
fn options(text: &str) -> Vec<String> {
    let mut found: Vec<_> = text
        .split(|c: char| !c.is_ascii_lowercase() && c != '-')
        .filter(|word| word.starts_with("--") && word.len() > 3)
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The commands that help lists, with the options of each; first those without a command.
fn commands() -> Vec<(String, Vec<String>)> {
    let help = said(&["--help"]);
    let listed = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<_> =
        names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(names.len() >= 8, "{names:?}");
    let mut all = vec![(String::new(), described(&help))];
    all.extend(names.iter().map(|name| ((*name).to_owned(), described(&said(&[name, "--help"])))));
    all
}

/// The options that a help text describes: those at the beginnings of its lines.
fn described(help: &str) -> Vec<String> {
    let heads = help
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .map(|line| line.split("  ").find(|part| !part.is_empty()));
    let mut found: Vec<_> = heads.flatten().flat_map(options).collect();
    found.dedup();
    assert!(found.contains(&"--help".to_owned()), "{help}");
    found
}

#[test]
fn the_manual_page_and_completions_name_every_command_and_option() {
    let page = said(&["man"]).replace("\\-", "-");
    let scripts: Vec<_> =
        ["bash", "zsh", "fish", "powershell", "elvish"].map(|shell| (shell, said(&["completions", shell]))).into();
    for (command, options) in commands() {
        assert!(page.contains(&format!("rtmp-inspect {command}")), "the page does not name {command}");
        for option in options {
            assert!(page.contains(&option), "the page does not name {option}");
            for (shell, script) in &scripts {
                // fish names options without their dashes.
                let name = if *shell == "fish" { format!("-l {}", &option[2..]) } else { option.clone() };
                assert!(script.contains(&name), "the completions for {shell} do not name {option}");
                assert!(script.contains(&command), "the completions for {shell} do not name {command}");
            }
        }
    }
}

#[test]
fn the_documentation_names_every_option_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = std::fs::read_to_string(root.join("README.md")).unwrap();
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            texts.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    let known: Vec<String> = commands().into_iter().flat_map(|(_, options)| options).collect();
    let named = options(&texts);
    for option in &known {
        assert!(named.contains(option), "no document names {option}");
    }
    // A line that calls this program names none that it does not have.
    for line in texts.lines().filter(|line| line.trim_start().trim_start_matches("$ ").starts_with("rtmp-inspect ")) {
        let call = line.split(['|', '>', '#', ';']).next().unwrap();
        for option in options(call) {
            assert!(known.contains(&option), "{option} in: {line}");
        }
    }
}

/// What a shell offers behind these words.
#[cfg(unix)]
fn offered(words: &[&str]) -> Vec<String> {
    let script = format!(
        "source /dev/stdin; COMP_WORDS=({}); COMP_CWORD={}; _rtmp__inspect rtmp-inspect \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1
    );
    let mut bash = Command::new("bash")
        .args(["--norc", "-c", &script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut bash.stdin.take().unwrap(), said(&["completions", "bash"]).as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_their_options_and_values() {
    assert_eq!(offered(&["rtmp-inspect", "ext"]), ["extract"]);
    assert!(offered(&["rtmp-inspect", "extract", "--cl"]).contains(&"--clear".to_owned()));
    assert_eq!(offered(&["rtmp-inspect", "check", "--fail-on", "w"]), ["warning"]);
    assert_eq!(offered(&["rtmp-inspect", "completions", "z"]), ["zsh"]);
}
