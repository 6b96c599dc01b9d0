//! The catalogue, for people: on the terminal and as `docs/rules.md`.

use super::{CATALOGUE, Meta, Rests};

/// The areas, by what their codes begin with.
const AREAS: &[(&str, &str)] = &[
    ("HSK", "The handshake"),
    ("CHK", "The chunk stream"),
    ("CTL", "Protocol control, flow control, user control"),
    ("CMD", "Commands and status"),
    ("AMF", "AMF values"),
    ("MED", "Media"),
    ("FTL", "FTL's control lines and media"),
    ("TLS", "TLS, which carries RTMPS"),
    ("TUN", "RTMPT's requests and responses"),
    ("NET", "The capture and the connection"),
];

/// The lines of `rtmp-inspect rules`.
pub fn lines() -> String {
    let line = |meta: &Meta| {
        let Meta { code, name, source, .. } = meta;
        format!("{code}  {:<8} {name:<34} {source}", meta.severity.name()).trim_end().to_owned() + "\n"
    };
    CATALOGUE.iter().map(|entry| line(entry.meta)).collect()
}

/// One rule explained.
pub fn explained(meta: &Meta) -> String {
    let mut text = format!("{} {} ({}", meta.code, meta.name, meta.severity.name());
    if !meta.source.is_empty() {
        text += &format!(", {}", meta.source);
    }
    text += ")\n";
    for paragraph in paragraphs(meta) {
        text += &format!("\n{}\n", wrapped(&paragraph, 78));
    }
    text + &format!("\n{}\n", wrapped(&standing(meta), 78))
}

/// `docs/rules.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Rules\n\n\
         What `rtmp-inspect check` looks for. `rtmp-inspect rules CODE` says the same on the terminal. This page is made from\n\
         the program: `BLESS=1 cargo test --test rules` writes it again.\n\n\
         `error`: a MUST is broken with effect, or somebody cannot go on. `warning`: a MUST or SHOULD is broken and streams\n\
         survive, or a known peer breaks on it. `note`: legal, but worth seeing. Codes are stable and never used again. A rule\n\
         blames nobody for what a capture misses: where that matters it is silent, or uncertain and then no error.\n\n\
         Some notes only say how a peer does things and come on session after session, as the mild cases of a warning do (an\n\
         FCPublish without an answer). Text counts these in one line at the end of each session, unless `--notes` is given or a\n\
         filter asks for what it lets through. A note that can explain why something did not work stands where it is.\n",
    );
    for (area, title) in AREAS {
        let rules: Vec<_> =
            CATALOGUE.iter().map(|entry| entry.meta).filter(|meta| meta.code.starts_with(area)).collect();
        if rules.is_empty() {
            continue;
        }
        text += &format!("\n## {area}: {title}\n\n| code | name | severity | source |\n| --- | --- | --- | --- |\n");
        for meta in &rules {
            let Meta { code, name, source, .. } = meta;
            let anchor = format!("{}-{name}", code.to_lowercase());
            text += &format!("| [{code}](#{anchor}) | {name} | {} | {source} |\n", meta.severity.name());
        }
        for meta in &rules {
            text += &format!("\n### {} {}\n", meta.code, meta.name);
            for paragraph in paragraphs(meta) {
                let bold = ["Why:", "Seen:", "Change:"].into_iter().find(|word| paragraph.starts_with(word));
                let shown = match bold {
                    Some(word) => format!("**{word}**{}", &paragraph[word.len()..]),
                    None => paragraph,
                };
                text += &format!("\n{}\n", wrapped(&shown, 120));
            }
            text += &format!("\n{}\n", wrapped(&standing(meta), 120));
        }
    }
    text
}

/// The paragraphs of a rule's text, each in one line.
pub fn paragraphs(meta: &Meta) -> impl Iterator<Item = String> {
    meta.doc.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What the rule does where the capture has holes, and where text shows it.
fn standing(meta: &Meta) -> String {
    let folded = if meta.background { " Text counts it in one line a session; `--notes` shows it." } else { "" };
    format!("{}{folded}", certainty(meta))
}

/// What the rule does where the capture has holes.
fn certainty(meta: &Meta) -> &'static str {
    match (meta.rests, meta.unsure) {
        (Rests::Event, _) => "Certain whatever the capture misses.",
        (Rests::Sender, false) => "Silent where the capture misses anything of the sender.",
        (Rests::Sender, true) => "Uncertain where the capture misses anything of the sender.",
        (Rests::Session, false) => "Silent where the capture misses anything of either side.",
        (Rests::Session, true) => "Uncertain where the capture misses anything of either side.",
    }
}

/// Text in lines of at most `width` characters, where its words allow.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines
}
