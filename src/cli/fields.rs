//! `rtmp-inspect fields`: every field by name.

use anyhow::bail;

use super::arguments::FieldsArguments;
use super::{Outcome, print};
use crate::proto;

pub(super) fn run(arguments: &FieldsArguments) -> anyhow::Result<Outcome> {
    let prefix = arguments.prefix.as_deref().unwrap_or_default();
    let mut text = String::new();
    for field in proto::fields().filter(|field| field.name.starts_with(prefix)) {
        let unit = if field.unit.is_empty() { String::new() } else { format!(" ({})", field.unit) };
        let kind = format!("{}{unit}", field.kind.name());
        text += &format!("{:<32} {kind:<16} {} [{}]\n", field.name, field.doc, field.source);
    }
    if text.is_empty() {
        bail!("no field's name begins with {prefix}; `rtmp-inspect fields` lists them");
    }
    print(&text)
}
