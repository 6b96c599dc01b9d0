//! A row's fields as JSON, as they are shown: what is secret is masked in it.

use serde_json::{Map, Value};

use super::detail::{Detail, Line};

impl Line {
    /// The value as text, all of it, without the quotes around it.
    pub fn text(&self) -> &str {
        let text = self.whole.as_deref().unwrap_or(&self.value);
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
    }

    /// Whether the line shows a part of the value.
    pub fn is_cut(&self) -> bool {
        self.whole.is_some()
    }

    /// What a filter calls it; its path where it has no name there.
    pub fn filter_name(&self) -> &str {
        if self.name.is_empty() { &self.path } else { &self.name }
    }

    fn json(&self) -> Value {
        match serde_json::from_str(&self.value) {
            Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => value,
            _ => Value::String(self.text().to_owned()),
        }
    }
}

impl Detail {
    /// A line with all that is inside it, or all lines.
    pub fn json(&self, line: Option<usize>) -> String {
        let value = match line.and_then(|at| Some((at, self.lines.get(at)?))) {
            Some((at, line)) => self.value(at, line),
            None => self.members(0, self.lines.len()),
        };
        serde_json::to_string_pretty(&value).unwrap_or_default()
    }

    fn value(&self, at: usize, line: &Line) -> Value {
        match line.end {
            Some(end) if end > at + 1 => self.members(at + 1, end),
            _ => line.json(),
        }
    }

    /// The lines from one to another, those of the first one's depth with all that is inside them.
    fn members(&self, start: usize, end: usize) -> Value {
        let depth = self.lines.get(start).map_or(0, |line| line.depth);
        let lines = self.lines.iter().enumerate().take(end).skip(start);
        let own: Vec<_> = lines.filter(|(_, line)| line.depth == depth).collect();
        if !own.is_empty() && own.iter().all(|(_, line)| line.label.starts_with('[')) {
            return own.into_iter().map(|(at, line)| self.value(at, line)).collect();
        }
        let mut members = Map::new();
        for (at, line) in own {
            // Two of the same name have paths of their own.
            let is_known = members.contains_key(&line.label);
            let key = if is_known { line.path.rsplit('/').next().unwrap_or_default() } else { &line.label };
            members.insert(key.to_owned(), self.value(at, line));
        }
        Value::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_objects_and_lists() {
        let line = |depth, label: &str, value: &str, end| Line {
            depth,
            label: label.to_owned(),
            value: value.to_owned(),
            path: format!("/{label}#2"),
            end,
            ..Line::default()
        };
        let lines = vec![
            line(0, "a", "{2 members}", Some(6)),
            line(1, "list", "[2 items]", Some(4)),
            line(2, "[0]", "1.5", None),
            line(2, "[1]", "\"x\"", None),
            line(1, "b", "true", None),
            line(1, "b", "null", None),
        ];
        let detail = Detail { lines, ..Detail::default() };
        let squeezed = |text: String| text.split_whitespace().collect::<String>();
        assert_eq!(squeezed(detail.json(None)), r#"{"a":{"b":true,"b#2":null,"list":[1.5,"x"]}}"#);
        assert_eq!(squeezed(detail.json(Some(1))), r#"[1.5,"x"]"#);
        assert_eq!(squeezed(detail.json(Some(4))), "true");
    }
}
