//! A comparison for programs.

use serde_json::{Map, Value, json};

use crate::compare::{Comparison, Evidence, Row};

/// The comparison as one JSON object, with a line feed. `docs/compare.md` has its form.
pub fn json(comparison: &Comparison) -> String {
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
    let object = json!({
        "schema": 1,
        "labels": labels,
        "reference": labels.get(comparison.reference),
        "differs": comparison.differs(),
        "codes": codes.collect::<Vec<_>>(),
        "behaviour": behaviour.collect::<Vec<_>>(),
    });
    format!("{object}\n")
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
