//! `rtmp-inspect fields`: every field by name.

use anyhow::bail;

use super::arguments::FieldsArguments;
use super::{Outcome, print};
use crate::registry::reference;

pub(super) fn run(arguments: &FieldsArguments) -> anyhow::Result<Outcome> {
    let prefix = arguments.prefix.as_deref().unwrap_or_default();
    let text = reference::lines(prefix);
    if text.is_empty() {
        bail!("no field's name begins with {prefix}; `rtmp-inspect fields` lists them");
    }
    print(&text)
}
