//! `rtmp-inspect rules`: the catalogue, or one rule explained.

use anyhow::bail;

use super::arguments::RulesArguments;
use super::{Outcome, print};
use crate::rules::CATALOGUE;

pub(super) fn run(arguments: &RulesArguments) -> anyhow::Result<Outcome> {
    let mut text = String::new();
    match &arguments.rule {
        None => {
            for entry in CATALOGUE {
                let meta = entry.meta;
                text += &format!("{}  {:<8} {:<34} {}\n", meta.code, meta.severity.name(), meta.name, meta.source);
            }
        }
        Some(wanted) => {
            let known = CATALOGUE.iter().find(|entry| {
                entry.meta.code.eq_ignore_ascii_case(wanted) || entry.meta.name.eq_ignore_ascii_case(wanted)
            });
            let Some(entry) = known else { bail!("no rule is called {wanted}; `rtmp-inspect rules` lists them") };
            let meta = entry.meta;
            text += &format!("{} {} ({}, {})\n\n", meta.code, meta.name, meta.severity.name(), meta.source);
            for line in meta.doc.lines() {
                text += line.strip_prefix(' ').unwrap_or(line);
                text.push('\n');
            }
        }
    }
    print(&text)
}
