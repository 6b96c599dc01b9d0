//! What the user configured: keys, colours, and how the screen begins.
//!
//! A file that is wrong never keeps the screen shut: what of it cannot be read is named with its line, the rest holds.

use std::env;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::action::{Action, COMMANDS};
use super::filtering::Filtering;
use super::keymap::{Context, Key, Keymap};
use super::theme::{Depth, Look, Scheme, Tint, roles};
use super::times::{Since, Times};
use crate::filter::{did_you_mean, near};
use crate::limits::Limits;
use crate::wire::escape;

/// The folder of this program's files, in that of all configurations and in that of all states.
const FOLDER: &str = "rtmp-inspect";
const FILE: &str = "config.toml";

/// How the screen is to be.
#[derive(Clone, Debug)]
pub struct Config {
    pub keys: Keymap,
    /// Instead of what the terminal says of itself.
    theme: Option<Named>,
    /// By role.
    pub(super) colors: Vec<(String, Tint)>,
    times: Since,
    /// Whether runs of media begin as one row each.
    pub(super) folded: bool,
    /// Whether the mouse is the screen's. Without it the terminal selects text with it.
    pub mouse: bool,
    /// Whether the place in a capture is remembered, and what was filtered by.
    pub remember: bool,
    /// Filters with names.
    pub(super) filters: Vec<(String, String)>,
    /// What is wrong with the file, a line each.
    pub complaints: Vec<String>,
}

/// A theme as it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Dark,
    Light,
    Sixteen,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            keys: Keymap::default(),
            theme: None,
            colors: Vec::new(),
            times: Since::Start,
            folded: false,
            mouse: true,
            remember: true,
            filters: Vec::new(),
            complaints: Vec::new(),
        }
    }
}

/// A folder of the user's, where the XDG's base directories have it.
fn folder(variable: &str, usual: &str) -> Option<PathBuf> {
    let set = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(usual)).filter(|path| path.is_absolute());
    Some(set.or_else(home)?.join(FOLDER))
}

/// Where what is remembered stands.
pub(super) fn state_folder() -> Option<PathBuf> {
    folder("XDG_STATE_HOME", ".local/state")
}

impl Config {
    /// What the user's file says. Without one all is as the program has it.
    pub fn load() -> Config {
        folder("XDG_CONFIG_HOME", ".config").map_or_else(Config::default, |folder| Config::read(&folder.join(FILE)))
    }

    /// Reads a configuration where there is one.
    fn read(path: &Path) -> Config {
        let most = Limits::DEFAULT.config_bytes;
        let complaint = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Config::default(),
            Ok(meta) if !meta.is_file() => "is no file".to_owned(),
            Ok(meta) if meta.len() > most as u64 => format!("is longer than {most} bytes"),
            Err(error) => error.to_string(),
            Ok(_) => match std::fs::read_to_string(path) {
                Ok(text) => return Config::parse(&text),
                Err(error) => error.to_string(),
            },
        };
        Config { complaints: vec![format!("{}: {complaint}", escape(&path.to_string_lossy()))], ..Config::default() }
    }

    /// Reads a configuration as it is written.
    pub fn parse(text: &str) -> Config {
        let mut reader = Reader { text, config: Config::default() };
        match DeTable::parse(text) {
            Ok(table) => reader.all(table.get_ref()),
            Err(error) => {
                reader.complain(error.span().map_or(0, |span| span.start), error.message());
            }
        }
        reader.config
    }

    /// How things look on a terminal that says this of itself. Where colours are not wanted, nothing brings them back.
    pub(super) fn look(&self, told: Look) -> Look {
        if told.scheme == Scheme::Plain {
            return told;
        }
        match self.theme {
            None => told,
            Some(Named::Dark) => Look { scheme: Scheme::Dark, ..told },
            Some(Named::Light) => Look { scheme: Scheme::Light, ..told },
            Some(Named::Sixteen) => Look { depth: Depth::Sixteen, ..told },
        }
    }

    pub(super) fn times(&self) -> Times {
        Times::of(self.times)
    }

    /// What is wrong, for the line at the bottom.
    pub(super) fn complaint(&self) -> String {
        match &self.complaints[..] {
            [] => String::new(),
            [only] => only.clone(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        }
    }
}

/// Reads one.
struct Reader<'t> {
    text: &'t str,
    config: Config,
}

type Entry<'a, 't> = (&'a Spanned<std::borrow::Cow<'t, str>>, &'a Spanned<DeValue<'t>>);

impl Reader<'_> {
    fn complain(&mut self, at: usize, what: &str) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        self.config.complaints.push(escape(&format!("{FILE}, line {line}: {}", what.trim())));
    }

    /// Says that there is no such name, and which there is.
    fn unknown(&mut self, key: &Spanned<impl AsRef<str>>, kind: &str, names: Vec<&str>) {
        let name = key.get_ref().as_ref();
        let meant = did_you_mean(&near(name, names.into_iter()));
        let meant = meant.map(|meant| format!("; {meant}")).unwrap_or_default();
        self.complain(key.span().start, &format!("there is no {kind} `{name}`{meant}"));
    }

    fn all(&mut self, table: &DeTable<'_>) {
        const NAMES: [&str; 8] = ["theme", "times", "folded", "mouse", "remember", "keys", "colors", "filters"];
        for (key, value) in in_order(table) {
            match key.get_ref().as_ref() {
                "theme" => {
                    const THEMES: [(&str, Named); 3] =
                        [("dark", Named::Dark), ("light", Named::Light), ("16", Named::Sixteen)];
                    self.config.theme = self.one_of("theme", value, &THEMES).or(self.config.theme);
                }
                "times" => {
                    const TIMES: [(&str, Since); 3] =
                        [("start", Since::Start), ("before", Since::Before), ("clock", Since::Clock)];
                    self.config.times = self.one_of("kind of times", value, &TIMES).unwrap_or(self.config.times);
                }
                "folded" => self.config.folded = self.yes(value).unwrap_or(self.config.folded),
                "mouse" => self.config.mouse = self.yes(value).unwrap_or(self.config.mouse),
                "remember" => self.config.remember = self.yes(value).unwrap_or(self.config.remember),
                "keys" => self.table(value, Reader::key),
                "colors" => self.table(value, Reader::color),
                "filters" => self.table(value, Reader::filter),
                _ => self.unknown(key, "setting", NAMES.to_vec()),
            }
        }
    }

    fn one_of<T: Copy>(&mut self, kind: &str, value: &Spanned<DeValue<'_>>, known: &[(&str, T)]) -> Option<T> {
        let text = self.words(value)?;
        let found = known.iter().find(|(name, _)| *name == text).map(|(_, one)| *one);
        if found.is_none() {
            let names = known.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.complain(value.span().start, &format!("there is no {kind} `{text}`: {names}"));
        }
        found
    }

    fn words(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.complain(
                value.span().start,
                &format!("a text is wanted; this is of the type {}", value.get_ref().type_str()),
            );
        }
        text
    }

    fn yes(&mut self, value: &Spanned<DeValue<'_>>) -> Option<bool> {
        let yes = value.get_ref().as_bool();
        if yes.is_none() {
            let kind = value.get_ref().type_str();
            self.complain(value.span().start, &format!("`true` or `false` is wanted; this is of the type {kind}"));
        }
        yes
    }

    fn table(&mut self, value: &Spanned<DeValue<'_>>, each: fn(&mut Self, Entry<'_, '_>)) {
        match value.get_ref().as_table() {
            Some(table) => in_order(table).into_iter().for_each(|entry| each(self, entry)),
            None => self.complain(value.span().start, "a table is wanted"),
        }
    }

    /// `action = keys`, or a table of these for a context.
    fn key(&mut self, (key, value): Entry<'_, '_>) {
        let Some(table) = value.get_ref().as_table() else {
            return self.binding(None, (key, value));
        };
        let Some(context) = Context::named(key.get_ref()) else {
            return self.unknown(key, "place for keys", Context::ALL.map(Context::name).to_vec());
        };
        for entry in in_order(table) {
            self.binding(Some(context), entry);
        }
    }

    fn binding(&mut self, context: Option<Context>, (key, value): Entry<'_, '_>) {
        let Some(command) = COMMANDS.iter().find(|command| command.name == key.get_ref()) else {
            return self.unknown(key, "action", COMMANDS.iter().map(|command| command.name).collect());
        };
        let Some(keys) = self.sequences(value) else { return };
        if let Err(why) = self.bind(context, command.action, &keys) {
            self.complain(value.span().start, &why);
        }
    }

    fn bind(&mut self, context: Option<Context>, action: Action, keys: &[Vec<Key>]) -> Result<(), String> {
        self.config.keys.bind(context, action, keys)
    }

    /// One sequence of keys, or several.
    fn sequences(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Vec<Vec<Key>>> {
        let one = |reader: &mut Self, value: &Spanned<DeValue<'_>>| {
            let text = reader.words(value)?;
            let keys = Key::sequence(&text);
            if keys.is_none() {
                let what = format!("`{text}` is no key: as in \"x\", \"^X\", \"g g\", \"F5\", \"PgDn\"");
                reader.complain(value.span().start, &what);
            }
            keys
        };
        match value.get_ref().as_array() {
            Some(all) => all.iter().map(|value| one(self, value)).collect(),
            None => one(self, value).map(|keys| vec![keys]),
        }
    }

    fn color(&mut self, (key, value): Entry<'_, '_>) {
        if !roles().any(|role| role == key.get_ref()) {
            return self.unknown(key, "role", roles().collect());
        }
        let Some(text) = self.words(value) else { return };
        if let Some(tint) = Tint::parse(&text) {
            self.config.colors.push((key.get_ref().to_string(), tint));
        } else {
            let what = format!("`{text}` is no colour: as in \"red\", \"bold 214\", \"#ff6b6b on black\"");
            self.complain(value.span().start, &what);
        }
    }

    fn filter(&mut self, (key, value): Entry<'_, '_>) {
        let Some(text) = self.words(value) else { return };
        match Filtering::parse(&text) {
            Ok(filter) => self.config.filters.push((key.get_ref().to_string(), filter.text().to_owned())),
            Err(error) => self.complain(value.span().start, &error.sentence()),
        }
    }
}

/// The entries of a table as they are written.
fn in_order<'a, 't>(table: &'a DeTable<'t>) -> Vec<Entry<'a, 't>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_the_rest_holds() {
        let config = Config::parse(
            "theme = \"light\"\ntims = \"clock\"\nfolded = 1\nmouse = false\n\
             [keys]\nfiltr = \"^E\"\nfilter = \"^E\"\nplots = \"Ctrl-X\"\n[keys.timelin]\nmark = \"x\"\n\
             [colors]\nerorr = \"red\"\nnote = \"rot\"\nwell = \"bold 214\"\n\
             [filters]\ncalls = 'command.name =='\nall = 'session == 1'\n",
        );
        let wanted = [
            "config.toml, line 2: there is no setting `tims`; did you mean `times`?",
            "config.toml, line 3: `true` or `false` is wanted; this is of the type integer",
            "config.toml, line 6: there is no action `filtr`; did you mean `filter`?",
            "config.toml, line 8: `Ctrl-X` is no key: as in \"x\", \"^X\", \"g g\", \"F5\", \"PgDn\"",
            "config.toml, line 9: there is no place for keys `timelin`; did you mean `timeline`?",
            "config.toml, line 12: there is no role `erorr`; did you mean `error`?",
            "config.toml, line 13: `rot` is no colour: as in \"red\", \"bold 214\", \"#ff6b6b on black\"",
        ];
        assert_eq!(config.complaints[..7], wanted);
        assert!(config.complaints[7].starts_with("config.toml, line 16: "), "{:?}", config.complaints);
        assert_eq!(config.complaints.len(), 8);
        assert_eq!(config.keys.of(&[Context::Browse], Action::Filter), ["^E"]);
        assert_eq!((config.mouse, config.folded, config.theme), (false, false, Some(Named::Light)));
        assert_eq!(config.filters, [("all".to_owned(), "session == 1".to_owned())]);
        assert_eq!(config.colors.len(), 1);
    }

    #[test]
    fn what_is_no_toml_is_named_too() {
        let config = Config::parse("theme = \"dark\"\nkeys = {\n");
        assert!(config.complaints[0].starts_with("config.toml, line "), "{:?}", config.complaints);
        assert_eq!((config.complaints.len(), config.theme), (1, None));
    }

    #[test]
    fn a_file_that_is_none_or_too_long_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(Config::read(&path).complaints, Vec::<String>::new());
        std::fs::write(&path, "folded = true\n").unwrap();
        assert!(Config::read(&path).folded);
        std::fs::write(&path, "#".repeat(Limits::DEFAULT.config_bytes + 1)).unwrap();
        assert!(Config::read(&path).complaints[0].ends_with("config.toml: is longer than 65536 bytes"));
        assert!(Config::read(folder.path()).complaints[0].ends_with("is no file"));
    }

    #[test]
    fn no_colour_stays_no_colour() {
        let config = Config::parse("theme = \"light\"");
        assert_eq!(config.look(Look::default()), Look::default());
        let told = Look { scheme: Scheme::Dark, depth: Depth::Many };
        assert_eq!(config.look(told), Look { scheme: Scheme::Light, depth: Depth::Many });
        assert_eq!(Config::parse("theme = \"16\"").look(told).depth, Depth::Sixteen);
    }
}
