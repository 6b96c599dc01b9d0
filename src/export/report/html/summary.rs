//! The sentence that a report begins with: whether all was well, and if not, why.

use super::Report;
use crate::book::{Fate, Session};
use crate::rules::Severity;
use crate::wire::words::{counted, plural};

/// What few words say of a fate; by number of sessions.
fn words(fate: Fate, sessions: u64) -> &'static str {
    match fate {
        Fate::Refused => plural(sessions, "was refused", "were refused"),
        Fate::Broken => "broke off",
        Fate::Dark => "cannot be read",
        Fate::Begun => "came to nothing in the capture",
        Fate::Well => "went well",
    }
}

/// A fate as a class.
pub(super) fn class(fate: Fate) -> &'static str {
    match fate {
        Fate::Refused => "refused",
        Fate::Broken => "broken",
        Fate::Dark => "dark",
        Fate::Begun => "begun",
        Fate::Well => "well",
    }
}

/// A fate's sign and word in a table.
pub(super) fn label(fate: Fate) -> &'static str {
    match fate {
        Fate::Refused => "✖ refused",
        Fate::Broken => "✖ broke off",
        Fate::Dark => "? not readable",
        Fate::Begun => "… not through",
        Fate::Well => "✔ well",
    }
}

/// `a, b and c`.
fn joined(parts: &[String]) -> String {
    match parts {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        parts => parts.concat(),
    }
}

impl Report<'_> {
    /// The worst fate, as a class, and the sentence.
    pub(super) fn summary(&self) -> (&'static str, String) {
        let sessions: Vec<&Session> = self.chosen.sessions.iter().filter_map(|n| self.book.session(*n)).collect();
        let Some(worst) = sessions.iter().copied().min_by_key(|session| (session.fate(), session.number())) else {
            return ("dark", self.nothing());
        };
        let fate = worst.fate();
        let of = |fate: Fate| sessions.iter().filter(|session| session.fate() == fate).count();
        let mut sentence = match (sessions.len(), fate) {
            (1, Fate::Well) => format!("The session went well: {}.", self.book.outcome(worst)),
            (1, _) => format!("The session {}: {}.", words(fate, 1), self.why(worst)),
            (2, Fate::Well) => "Both sessions went well.".to_owned(),
            (all, Fate::Well) => format!("All {all} sessions went well."),
            (all, _) => {
                let fates = [Fate::Refused, Fate::Broken, Fate::Dark, Fate::Begun, Fate::Well];
                let told = fates.into_iter().filter(|fate| of(*fate) > 0);
                let told: Vec<_> = told.map(|fate| format!("{} {}", of(fate), words(fate, of(fate) as u64))).collect();
                let (number, why) = (worst.number(), self.why(worst));
                format!("Of {all} sessions {}. Session {number} {}: {why}.", joined(&told), words(fate, 1))
            }
        };
        if let Some(found) = self.worst_finding(fate, &sentence) {
            sentence += &found;
        }
        (class(fate), sentence)
    }

    fn why(&self, session: &Session) -> String {
        let first = self.book.first(session);
        let why = first.map_or_else(|| self.book.outcome(session), |first| self.book.reason(session, first.row));
        // That it was refused is said before.
        why.strip_prefix("rejected: ").unwrap_or(&why).trim_end_matches('.').to_owned()
    }

    /// What else is to be known: the worst of what was found, where the sentence has it not.
    fn worst_finding(&self, fate: Fate, sentence: &str) -> Option<String> {
        let rows = self.chosen.rules.values().flat_map(|found| &found.told);
        let telling = rows.filter_map(|row| Some((*row, self.book.finding(*row)?)));
        let worst = telling
            .filter(|(_, finding)| !finding.is_background())
            .max_by_key(|(row, finding)| (finding.severity, std::cmp::Reverse(*row)));
        let Some((row, finding)) = worst.filter(|(_, finding)| finding.severity > Severity::Note) else {
            let is_clean = fate == Fate::Well && self.chosen.counts.errors + self.chosen.counts.warnings == 0;
            return is_clean.then(|| " No error or warning was found.".to_owned());
        };
        if sentence.contains(&format!("[{}]", finding.rule.code)) {
            return None;
        }
        let code = finding.rule.code;
        Some(format!(" The worst finding is {}[{code}]: {}.", finding.severity.name(), self.book.says(row)))
    }

    fn nothing(&self) -> String {
        let there = self.book.sessions().len();
        match (there, self.asked.session, &self.asked.filter) {
            (0, ..) => "No session was found.".to_owned(),
            (_, Some(session), _) if self.book.session(session).is_none() => {
                format!("There is no session {session}: {} found.", counted(there, "session was", "sessions were"))
            }
            _ => "The filter lets nothing through.".to_owned(),
        }
    }
}
