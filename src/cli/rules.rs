//! `rtmp-inspect rules`: the catalogue, or one rule explained.

use super::arguments::RulesArguments;
use super::policy::find;
use super::{Outcome, print};
use crate::rules::reference;

pub(super) fn run(arguments: &RulesArguments) -> anyhow::Result<Outcome> {
    print(&match &arguments.rule {
        None => reference::lines(),
        Some(wanted) => reference::explained(find(wanted)?),
    })
}
