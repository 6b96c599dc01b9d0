//! Findings as JUnit XML, which the dashboards of CI systems read: a suite a session, a case a rule.
//!
//! A case fails where the rule found something at or above the severity that fails; what it found below that is its output.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use quick_xml::Writer as Xml;
use quick_xml::events::{BytesDecl, BytesText, Event as Node};

use super::{Form, Group, Shown};
use crate::analyzer::Totals;
use crate::export::Counts;
use crate::export::page::{Out, Page};
use crate::proto::{Event, describe};
use crate::rules::{Meta, Severity};
use crate::wire::words::counted;
use crate::wire::{Time, escape, file_name};

/// Writes findings as JUnit XML.
pub(super) struct Junit<W: Write> {
    out: Out<W>,
    /// What is written next.
    xml: Xml<Vec<u8>>,
    fail_on: Severity,
    /// The rules that judge.
    rules: Vec<&'static Meta>,
}

impl<W: Write> Junit<W> {
    /// `rules` are those that judge: each is a case of every session.
    pub(super) fn new(out: W, fail_on: Severity, rules: Vec<&'static Meta>) -> Self {
        Junit { out: Out::new(out), xml: Xml::new_with_indent(Vec::new(), b' ', 2), fail_on, rules }
    }

    /// Passes on what was written. XML has no place at all for some characters.
    fn give(&mut self) -> io::Result<()> {
        let text = std::mem::take(self.xml.get_mut());
        self.out.give(&mut Page::of(&String::from_utf8_lossy(&text)))
    }
}

/// What one rule found on one session: those that fail, then the others.
fn findings(xml: &mut Xml<Vec<u8>>, found: &[&Shown], fail_on: Severity) -> io::Result<()> {
    let (failing, others): (Vec<&Shown>, Vec<&Shown>) = found.iter().partition(|shown| shown.severity >= fail_on);
    let text = |shown: &[&Shown]| shown.iter().map(|shown| line(shown)).collect::<Vec<_>>().join("\n");
    if let Some(first) = failing.first() {
        xml.create_element("failure")
            .with_attribute(("message", &*escape(&first.text)))
            .with_attribute(("type", first.severity.name()))
            .write_text_content(BytesText::new(&text(&failing)))?;
    }
    if !others.is_empty() {
        xml.create_element("system-out").write_text_content(BytesText::new(&text(&others)))?;
    }
    Ok(())
}

fn line(shown: &Shown) -> String {
    let rule = shown.rule;
    let mut line = format!("{}[{}] {} ({})", shown.severity.name(), rule.code, escape(&shown.text), shown.place());
    if let Some(times) = shown.times() {
        line += &format!("; {times}");
    }
    if let Some(quote) = &shown.quote {
        line += &format!("\n  > {}", quote.text);
    }
    if let Some(doubt) = shown.doubt {
        line += &format!("\n  uncertain: {doubt}");
    }
    line + "\n  " + rule.source
}

impl<W: Write> Form for Junit<W> {
    fn begin(&mut self, files: &[PathBuf], _: Option<Time>) -> io::Result<()> {
        self.xml.write_event(Node::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let files: Vec<_> = files.iter().map(file_name).collect();
        let name = format!("rtmp-inspect check {}", files.join(" "));
        let start = quick_xml::events::BytesStart::new("testsuites").with_attributes([("name", &*name)]);
        self.xml.write_event(Node::Start(start))?;
        self.give()
    }

    fn group(&mut self, group: &Group) -> io::Result<()> {
        let mut by_rule: BTreeMap<&str, Vec<&Shown>> = BTreeMap::new();
        for shown in &group.findings {
            by_rule.entry(shown.rule.code).or_default().push(shown);
        }
        let fails = |shown: &&&Shown| shown.severity >= self.fail_on;
        let failures = by_rule.values().filter(|found| found.iter().any(|shown| fails(&shown))).count();
        let opened = &group.opened;
        let heading = describe(&Event::Session(opened.clone()));
        let name = format!("session {}: {heading}", opened.session);
        let (fail_on, rules) = (self.fail_on, &self.rules);
        self.xml
            .create_element("testsuite")
            .with_attribute(("name", &*name))
            .with_attribute(("tests", &*self.rules.len().to_string()))
            .with_attribute(("failures", &*failures.to_string()))
            .with_attribute(("errors", "0"))
            .with_attribute(("skipped", "0"))
            .write_inner_content(|xml| {
                for rule in rules {
                    let found = by_rule.get(rule.code).map_or(&[][..], Vec::as_slice);
                    let case = xml
                        .create_element("testcase")
                        .with_attribute(("classname", &*format!("session {}.{}", opened.session, &rule.code[..3])))
                        .with_attribute(("name", &*format!("{} {}", rule.code, rule.name)));
                    if found.is_empty() {
                        case.write_empty()?;
                    } else {
                        case.write_inner_content(|xml| findings(xml, found, fail_on))?;
                    }
                }
                if group.more > 0 {
                    let text =
                        format!("{} not shown", counted(group.more as usize, "more finding is", "more findings are"));
                    xml.create_element("system-out").write_text_content(BytesText::new(&text))?;
                }
                Ok(())
            })?;
        self.give()
    }

    fn close(&mut self) -> io::Result<()> {
        self.xml.write_event(Node::End(quick_xml::events::BytesEnd::new("testsuites")))?;
        self.xml.get_mut().push(b'\n');
        self.give()
    }

    fn end(&mut self, _: &Totals, _: Counts) -> io::Result<()> {
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
