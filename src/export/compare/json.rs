//! A comparison for programs.

use serde_json::{Map, Value, json};

use super::{names, second};
use crate::compare::{Comparison, Evidence, Row, Tested};
use crate::export::json::plain;
use crate::export::page::Page;

/// The comparison as one JSON object, with a line feed. `docs/compare.md` has its form. No control character is left raw, as
/// in the timeline's JSON.
pub fn json(comparison: &Comparison) -> Page {
    let labels = &comparison.labels;
    let evidence = |all: &[Evidence]| -> Value { all.iter().map(|evidence| place(comparison, evidence)).collect() };
    let codes = comparison.codes.iter().map(|row| {
        let cells = labels.iter().zip(&row.cells).map(|(label, cell)| {
            let mut object = Map::new();
            object.insert("state".into(), cell.state.name().into());
            if !cell.detail.is_empty() {
                object.insert("detail".into(), cell.detail.as_str().into());
            }
            object.insert("evidence".into(), evidence(&cell.evidence));
            (label.clone(), Value::Object(object))
        });
        let cells: Map<String, Value> = cells.collect();
        json!({ "code": row.code, "level": row.level, "meaning": row.meaning, "cells": cells })
    });
    let behaviour = comparison.behaviour.iter().chain(&comparison.latencies).map(|row: &Row| {
        let cells = labels.iter().zip(&row.cells).filter(|(_, cell)| !cell.values.is_empty()).map(|(label, cell)| {
            let object = json!({ "value": cell.text(), "differs": cell.differs, "evidence": evidence(&cell.evidence) });
            (label.clone(), object)
        });
        let cells: Map<String, Value> = cells.collect();
        let mut object = Map::new();
        object.insert("key".into(), row.key.as_str().into());
        object.insert("title".into(), row.title.as_str().into());
        if !row.situation.is_empty() {
            object.insert("situation".into(), row.situation.as_str().into());
        }
        object.insert("differs".into(), row.differs.into());
        object.insert("cells".into(), cells.into());
        Value::Object(object)
    });
    let tested = labels.iter().zip(&comparison.tested);
    let tested: Map<String, Value> =
        tested.map(|(label, tested)| (label.clone(), tested_with(comparison, tested))).collect();
    let digest = comparison.digest.iter().map(|difference| {
        let labels = names(comparison, &difference.labels);
        json!({ "key": difference.key, "title": difference.title, "why": difference.why, "labels": labels })
    });
    let object = json!({
        "schema": 1,
        "labels": labels,
        "reference": labels.get(comparison.reference),
        "differs": comparison.differs(),
        "tested_with": tested,
        "digest": digest.collect::<Vec<_>>(),
        "codes": codes.collect::<Vec<_>>(),
        "behaviour": behaviour.collect::<Vec<_>>(),
    });
    // Nothing can fail: the keys are strings, and memory takes every byte.
    let line = plain(&object).unwrap_or_default();
    Page::of(&(String::from_utf8(line).unwrap_or_default() + "\n"))
}

/// What stands behind a label.
fn tested_with(comparison: &Comparison, tested: &Tested) -> Value {
    let software = tested.software.iter().map(|told| json!({ "source": told.source, "value": told.value }));
    let captures = tested.captures.iter().filter_map(|capture| comparison.captures.get(*capture));
    let mut object = Map::new();
    object.insert("sessions".into(), tested.sessions.into());
    object.insert("left_out".into(), tested.left_out.into());
    if let Some((first, last)) = tested.times {
        object.insert("first".into(), second(first).into());
        object.insert("last".into(), second(last).into());
    }
    object.insert("software".into(), software.collect());
    object.insert("captures".into(), captures.map(String::as_str).collect());
    object.insert("notes".into(), tested.notes.iter().map(String::as_str).collect());
    Value::Object(object)
}

fn place(comparison: &Comparison, evidence: &Evidence) -> Value {
    let capture = comparison.captures.get(evidence.capture).map_or("", String::as_str);
    let mut object = Map::new();
    object.insert("capture".into(), capture.into());
    object.insert("session".into(), evidence.session.into());
    if let Some(n) = evidence.n {
        object.insert("n".into(), n.into());
    }
    Value::Object(object)
}
