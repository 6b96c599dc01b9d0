//! What a project holds its servers to: a file that allows rules and changes severities, for all servers or for some.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::arguments::{Area, CheckArguments, FailOn};
use crate::proto::Event;
use crate::proto::amf::Amf;
use crate::proto::rtmp::Body;
use crate::rules::{CATALOGUE, Finding, Meta, Severity};
use crate::wire::{IdMap, Side, file_name};

/// The file that is read where none is named.
const DEFAULT: &str = ".rtmp-inspect.toml";

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    fail_on: Option<Level>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    severity: BTreeMap<String, Level>,
    #[serde(default)]
    server: Vec<Server>,
}

/// What holds for some servers alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Server {
    /// The host of the client's tcUrl, or the server's address.
    name: Option<String>,
    port: Option<u16>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    severity: BTreeMap<String, Level>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warning,
    Note,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Severity {
        match level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Note,
        }
    }
}

/// Which rules are allowed, and how bad the others are.
#[derive(Debug, Default)]
struct Rules {
    allow: BTreeSet<&'static str>,
    severity: BTreeMap<&'static str, Severity>,
}

/// Judges findings by what the user allows.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) fail_on: Severity,
    all: Rules,
    servers: Vec<(Option<String>, Option<u16>, Rules)>,
    /// None: all areas.
    only: Vec<Area>,
    /// Servers of the open sessions, by their addresses and by the names that clients call them.
    sessions: IdMap<u32, Called>,
}

#[derive(Debug)]
struct Called {
    address: SocketAddr,
    name: Option<String>,
}

impl Policy {
    pub(super) fn new(arguments: &CheckArguments) -> anyhow::Result<Policy> {
        let file = match &arguments.config {
            Some(path) => File::read(path)?,
            None if Path::new(DEFAULT).is_file() => File::read(Path::new(DEFAULT))?,
            None => File::default(),
        };
        let mut all = Rules::of(&file.allow, &file.severity).context("allow")?;
        for rule in &arguments.allow {
            all.allow.insert(find(rule).context("--allow")?.code);
        }
        let mut servers = Vec::new();
        for server in &file.server {
            if server.name.is_none() && server.port.is_none() {
                bail!("a [[server]] of the policy has neither a name nor a port");
            }
            servers.push((server.name.clone(), server.port, Rules::of(&server.allow, &server.severity)?));
        }
        let fail_on = match (arguments.fail_on, file.fail_on) {
            (Some(said), _) => said.into(),
            (None, Some(written)) => written.into(),
            (None, None) => FailOn::Error.into(),
        };
        Ok(Policy { fail_on, all, servers, only: arguments.only.clone(), sessions: IdMap::default() })
    }

    /// The rules that judge every server.
    pub(super) fn rules(&self) -> Vec<&'static Meta> {
        let wanted = |meta: &&Meta| self.wants(meta.code) && !self.all.allow.contains(meta.code);
        CATALOGUE.iter().map(|entry| entry.meta).filter(wanted).collect()
    }

    fn wants(&self, code: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|area| code.starts_with(area.prefix()))
    }

    /// Learns which server an event's session speaks to.
    pub(super) fn observe(&mut self, event: &Event) {
        match event {
            Event::Session(opened) => {
                self.sessions.insert(opened.session, Called { address: opened.server, name: None });
            }
            Event::Message(message) if message.from == Side::Client && !self.servers.is_empty() => {
                let Body::Command(command) = &message.body else { return };
                if command.name != "connect" {
                    return;
                }
                let url = command.object.as_ref().and_then(|object| object.member("tcUrl")).and_then(Amf::text);
                if let (Some(called), Some(url)) = (self.sessions.get_mut(&message.session), url) {
                    called.name = host(url).map(str::to_owned);
                }
            }
            _ => {}
        }
    }

    /// Forgets a session after its last event.
    pub(super) fn forget(&mut self, event: &Event) {
        if matches!(event, Event::Close(close) if close.last) {
            self.sessions.remove(&event.session());
        }
    }

    /// Leaves out what is allowed, and says how bad the rest is.
    pub(super) fn judge(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| {
            let code = finding.rule.code;
            if !self.wants(code) {
                return false;
            }
            let called = self.sessions.get(&finding.session);
            let servers = self
                .servers
                .iter()
                .filter(|(name, port, _)| called.is_some_and(|called| called.is(name.as_deref(), *port)));
            for rules in std::iter::once(&self.all).chain(servers.map(|(_, _, rules)| rules)) {
                if rules.allow.contains(code) {
                    return false;
                }
                if let Some(severity) = rules.severity.get(code) {
                    // What the capture may explain is no error, whatever the policy says.
                    finding.severity = if finding.certain { *severity } else { (*severity).min(Severity::Warning) };
                }
            }
            true
        });
    }
}

impl Called {
    fn is(&self, name: Option<&str>, port: Option<u16>) -> bool {
        let is_named = |name: &str| {
            self.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
                || self.address.ip().to_string() == name
        };
        name.is_none_or(is_named) && port.is_none_or(|port| port == self.address.port())
    }
}

impl File {
    fn read(path: &Path) -> anyhow::Result<File> {
        let text = std::fs::read_to_string(path).map_err(|error| super::keys::unreadable(&error, "a policy"));
        let text = text.with_context(|| file_name(path))?;
        toml::from_str(&text).with_context(|| file_name(path))
    }
}

impl Rules {
    fn of(allow: &[String], severity: &BTreeMap<String, Level>) -> anyhow::Result<Rules> {
        let mut rules = Rules::default();
        for rule in allow {
            rules.allow.insert(find(rule)?.code);
        }
        for (rule, level) in severity {
            rules.severity.insert(find(rule)?.code, (*level).into());
        }
        Ok(rules)
    }
}

/// The rule with this code or name.
pub(super) fn find(wanted: &str) -> anyhow::Result<&'static Meta> {
    let is_it = |meta: &&Meta| meta.code.eq_ignore_ascii_case(wanted) || meta.name.eq_ignore_ascii_case(wanted);
    match CATALOGUE.iter().map(|entry| entry.meta).find(is_it) {
        Some(meta) => Ok(meta),
        None => bail!("no rule is called {wanted}; `rtmp-inspect rules` lists them"),
    }
}

/// The host in `rtmp://host:port/app`.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let authority = authority.rsplit('@').next()?;
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => authority.split(':').next(),
    }
}
