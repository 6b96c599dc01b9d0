//! What is searched for.

/// What is searched for. Capital letters matter only if it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    text: String,
    exact: bool,
}

impl Query {
    pub(super) fn new(text: &str) -> Option<Self> {
        let exact = text.chars().any(char::is_uppercase);
        (!text.is_empty()).then(|| Query { text: text.to_owned(), exact })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if self.exact { text.contains(&self.text) } else { text.to_lowercase().contains(&self.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_matter_when_they_are_there() {
        let query = |text| Query::new(text).unwrap();
        assert!(query("netstream").matches("NetStream.Publish"));
        assert!(!query("Netstream").matches("NetStream.Publish"));
        assert_eq!(Query::new(""), None);
    }
}
