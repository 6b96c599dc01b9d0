//! What the wire cannot tell, told by a file: which captures show which scenario.
//!
//! ```toml
//! [[scenario]]
//! name = "a stream that does not exist"
//! captures = ["*no-stream*"]                   # file names, with * for any characters
//! sessions = [2]                               # of these captures; without it, all
//! expects = ["NetStream.Play.StreamNotFound"]  # the code that is due; further ones would do as well
//! ```

use toml::{Table, Value};

use crate::proto::rtmp::status;

/// What is wrong with a scenario file.
#[derive(Debug, thiserror::Error)]
pub enum ScenariosError {
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    #[error("scenario {0}: {1}")]
    Scenario(usize, String),
    #[error("only [[scenario]] tables belong here, not {0}")]
    Unknown(String),
}

/// The scenarios of a file.
#[derive(Clone, Debug, Default)]
pub struct Scenarios {
    scenarios: Vec<Scenario>,
}

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: String,
    captures: Vec<String>,
    sessions: Option<Vec<u32>>,
    /// The code that is due, and those that would do as well.
    pub(super) expects: Vec<&'static str>,
}

impl Scenarios {
    pub fn parse(text: &str) -> Result<Scenarios, ScenariosError> {
        let mut scenarios = Vec::new();
        for (name, value) in text.parse::<Table>()? {
            let Value::Array(items) = value else { return Err(ScenariosError::Unknown(name)) };
            if name != "scenario" {
                return Err(ScenariosError::Unknown(name));
            }
            for (index, item) in items.into_iter().enumerate() {
                let scenario = scenario(item).map_err(|what| ScenariosError::Scenario(index + 1, what))?;
                scenarios.push(scenario);
            }
        }
        Ok(Scenarios { scenarios })
    }

    /// Those that may be in a capture of that path.
    pub(super) fn of(&self, path: &str) -> Vec<Scenario> {
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let is_in = |pattern: &String| matches(pattern, file) || matches(pattern, path);
        self.scenarios.iter().filter(|scenario| scenario.captures.iter().any(is_in)).cloned().collect()
    }
}

impl Scenario {
    pub(super) fn has(&self, session: u32) -> bool {
        self.sessions.as_ref().is_none_or(|sessions| sessions.contains(&session))
    }
}

fn scenario(item: Value) -> Result<Scenario, String> {
    let Value::Table(table) = item else { return Err("is not a table".into()) };
    let mut scenario = Scenario { name: String::new(), captures: Vec::new(), sessions: None, expects: Vec::new() };
    for (key, value) in table {
        match (key.as_str(), value) {
            ("name", Value::String(name)) => scenario.name = name,
            ("captures", Value::Array(items)) => scenario.captures = texts(items)?,
            ("sessions", Value::Array(items)) => {
                let numbers = items.iter().map(|item| item.as_integer().and_then(|number| u32::try_from(number).ok()));
                let numbers: Option<Vec<u32>> = numbers.collect();
                scenario.sessions = Some(numbers.ok_or("sessions are numbers from 1")?);
            }
            ("expects", Value::Array(items)) => {
                for code in texts(items)? {
                    let known = status::find(&code).ok_or_else(|| format!("no status code is called {code}"))?;
                    if !known.sender.is_on_wire() {
                        return Err(format!("no server sends {code}: it is raised where it is read"));
                    }
                    scenario.expects.push(known.code);
                }
            }
            ("name" | "captures" | "sessions" | "expects", _) => return Err(format!("{key} has the wrong type")),
            (key, _) => return Err(format!("has no key {key}; there are name, captures, sessions and expects")),
        }
    }
    if scenario.name.is_empty() || scenario.captures.is_empty() {
        return Err("needs a name and captures".into());
    }
    Ok(scenario)
}

fn texts(items: Vec<Value>) -> Result<Vec<String>, String> {
    let text = |item: Value| match item {
        Value::String(text) => Ok(text),
        _ => Err("captures and expects are lists of strings".to_owned()),
    };
    items.into_iter().map(text).collect()
}

/// Whether a name is as the pattern says, in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_with_stars() {
        assert!(matches("*no-stream*", "ffmpeg-play-no-stream.pcap"));
        assert!(matches("ffmpeg-*.pcap", "ffmpeg-play.pcap"));
        assert!(matches("a.pcap", "a.pcap"));
        assert!(!matches("a*b*b", "ab"));
        assert!(!matches("a.pcap", "ba.pcap"));
        assert!(!matches("*no-stream", "no-stream.pcap"));
    }

    #[test]
    fn a_file_says_what_is_wrong_with_it() {
        let told = |text: &str| Scenarios::parse(text).unwrap_err().to_string();
        assert_eq!(told("[[scenario]]\nname = \"x\""), "scenario 1: needs a name and captures");
        assert_eq!(
            told("[[scenario]]\nname = \"x\"\ncaptures = [\"*\"]\nexpects = [\"NetStream.Nope\"]"),
            "scenario 1: no status code is called NetStream.Nope"
        );
        assert_eq!(
            told("[[scenario]]\nname = \"x\"\ncaptures = [\"*\"]\nexpects = [\"NetConnection.Connect.Failed\"]"),
            "scenario 1: no server sends NetConnection.Connect.Failed: it is raised where it is read"
        );
        assert!(told("[[scenario]]\nnom = 1").contains("has no key nom"));
        assert!(told("other = 1").contains("not other"));
        assert!(told("[[scenario").contains("line 1"));
    }
}
