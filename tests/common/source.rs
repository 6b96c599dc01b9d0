//! A source file as the modules it names: as much of Rust's grammar as tests/architecture.rs needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module by its names from the crate's root, of which `[]` is the root itself.
pub type Module = Vec<String>;

/// The source of a crate: every module that is none for tests, with what each names.
pub struct Source {
    pub files: Vec<File>,
    modules: BTreeSet<Module>,
    /// What a module's `use` brings in, by its name there: for those who name it through this module.
    brought_in: BTreeMap<(Module, String), Named>,
}

pub struct File {
    pub path: PathBuf,
    pub text: String,
    pub module: Module,
    tokens: Vec<String>,
}

/// A path as it is written, in the module where it stands.
#[derive(Clone)]
struct Named {
    within: Module,
    path: Vec<String>,
}

/// That a module names something of another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: Module,
    pub to: Module,
    /// What of it; empty for the module itself.
    pub item: String,
}

impl Source {
    pub fn read(folder: &Path) -> Source {
        let mut paths = Vec::new();
        list(folder, &mut paths);
        paths.sort();
        let files: Vec<_> = paths.into_iter().map(|path| File::read(folder, path)).collect();
        let modules = files.iter().map(|file| file.module.clone()).collect();
        let mut source = Source { files, modules, brought_in: BTreeMap::new() };
        for file in &source.files {
            for (named, alias) in file.names() {
                source.brought_in.insert((named.within.clone(), alias), named);
            }
        }
        source
    }

    /// All that the modules of this crate name of one another, each once.
    pub fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for file in &self.files {
            for (named, _) in file.names() {
                let Some((to, item)) = self.resolve(&named, 0) else { continue };
                if to != file.module {
                    imports.insert(Import { from: file.module.clone(), to, item });
                }
            }
        }
        imports
    }

    /// The module that a path means and what of it; nothing for other crates.
    fn resolve(&self, named: &Named, depth: usize) -> Option<(Module, String)> {
        assert!(depth < 16, "{:?} goes in a circle", named.path);
        let mut rest = named.path.iter().map(String::as_str).peekable();
        let mut at = match *rest.peek()? {
            "crate" => Vec::new(),
            "self" | "super" => named.within.clone(),
            child => {
                let child = [named.within.clone(), vec![child.to_owned()]].concat();
                return self.modules.contains(&child).then(|| self.follow(named.within.clone(), rest, depth));
            }
        };
        while let Some(step) = rest.next_if(|step| matches!(*step, "crate" | "self" | "super")) {
            if step == "super" {
                at.pop();
            }
        }
        Some(self.follow(at, rest, depth))
    }

    fn follow<'n>(&self, mut at: Module, rest: impl Iterator<Item = &'n str>, depth: usize) -> (Module, String) {
        let mut rest = rest.peekable();
        while let Some(step) = rest.next() {
            let child = [at.as_slice(), &[step.to_owned()]].concat();
            let brought_in = self.brought_in.get(&(at.clone(), step.to_owned()));
            // A function may have its module's name.
            if self.modules.contains(&child) && (rest.peek().is_some() || brought_in.is_none()) {
                at = child;
            } else if let Some(named) = brought_in {
                let mut named = named.clone();
                named.path.extend(rest.map(str::to_owned));
                // What comes of another crate is this module's own.
                return self.resolve(&named, depth + 1).unwrap_or((at, step.to_owned()));
            } else {
                return (at, step.to_owned());
            }
        }
        (at, String::new())
    }
}

impl File {
    fn read(folder: &Path, path: PathBuf) -> File {
        let text = fs::read_to_string(&path).unwrap();
        let inside = path.strip_prefix(folder).unwrap().with_extension("");
        let mut module: Module = inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
        module.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
        let tokens = without_tests(&tokens(&text));
        File { path, text, module, tokens }
    }

    /// Each path to something, with the name that it gets here where it gets one.
    fn names(&self) -> Vec<(Named, String)> {
        let tokens = &self.tokens;
        let mut found = Vec::new();
        // Modules written out in this one, with the depth of braces at which each ends.
        let mut inner: Vec<(String, usize)> = Vec::new();
        let (mut depth, mut at) = (0, 0);
        while at < tokens.len() {
            let token = tokens[at].as_str();
            let next = |ahead: usize| tokens.get(at + ahead).map_or("", String::as_str);
            let within = || [self.module.clone(), inner.iter().map(|(name, _)| name.clone()).collect()].concat();
            match token {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inner.pop_if(|(_, end)| *end == depth);
                }
                "mod" if next(2) == "{" => inner.push((next(1).to_owned(), depth)),
                "use" if next(1) != "<" => {
                    at += 1;
                    let mut paths = Vec::new();
                    tree(tokens, &mut at, &[], &mut paths);
                    let within = within();
                    let named = |path| Named { within: within.clone(), path };
                    found.extend(paths.into_iter().map(|(path, alias)| (named(path), alias)));
                }
                "crate" | "super" | "self" | "std" if next(1) == "::" && (at == 0 || tokens[at - 1] != "in") => {
                    let mut path = vec![token.to_owned()];
                    while next_is(tokens, at + 1, |token| token == "::") && next_is(tokens, at + 2, is_name) {
                        at += 2;
                        path.push(tokens[at].clone());
                    }
                    found.push((Named { within: within(), path }, String::new()));
                }
                _ => {}
            }
            at += 1;
        }
        found
    }

    /// Whether the code has these names or signs, one behind the other.
    pub fn says(&self, tokens: &[&str]) -> bool {
        self.tokens.windows(tokens.len()).any(|window| window == tokens)
    }

    /// The texts in the code.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().filter_map(|token| token.strip_prefix('"'))
    }

    /// Paths into the standard library, as far as they are written.
    pub fn of_std(&self) -> Vec<String> {
        let names = self.names().into_iter().map(|(named, _)| named.path);
        names.filter(|path| path[0] == "std").map(|path| path.join("::")).collect()
    }
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if is_test {
        } else if path.is_dir() {
            list(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Reads a tree of `use` from `at` to what ends it: each path with the name that it gets.
fn tree(tokens: &[String], at: &mut usize, before: &[String], paths: &mut Vec<(Vec<String>, String)>) {
    let mut path = before.to_vec();
    let mut alias = None;
    while let Some(token) = tokens.get(*at) {
        match token.as_str() {
            ";" | "," | "}" => break,
            "::" => {}
            "as" => {
                *at += 1;
                alias = Some(tokens[*at].clone());
            }
            "{" => {
                while tokens[*at] != "}" {
                    *at += 1;
                    tree(tokens, at, &path, paths);
                }
                *at += 1;
                return;
            }
            name => path.push(name.to_owned()),
        }
        *at += 1;
    }
    if path.len() > before.len() {
        path.pop_if(|last| last == "self");
        let alias = alias.unwrap_or_else(|| path.last().cloned().unwrap_or_default());
        paths.push((path, alias));
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_name(token: &str) -> bool {
    token.starts_with(is_letter)
}

fn next_is(tokens: &[String], at: usize, right: impl Fn(&str) -> bool) -> bool {
    tokens.get(at).is_some_and(|token| right(token))
}

/// Names and signs; no comments. A text is what stands between its quotes, behind one.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, token) = if first.is_whitespace() {
            (first.len_utf8(), None)
        } else if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), None)
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), None)
        } else if let Some(length) = literal(rest) {
            let quoted = rest[..length].trim_start_matches(['b', 'c', 'r', '#']).trim_end_matches('#');
            let text = quoted.get(1..quoted.len() - 1).unwrap_or_default();
            (length, Some(format!("\"{text}")))
        } else if rest.starts_with("::") {
            (2, Some("::".to_owned()))
        } else if is_letter(first) {
            let length = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
            (length, Some(rest[..length].to_owned()))
        } else {
            (first.len_utf8(), Some(first.to_string()))
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

/// The length of the text or character that begins here.
fn literal(rest: &str) -> Option<usize> {
    let body = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - body.len();
    let raw = body.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len());
    if let Some(marks) = raw
        && body[1 + marks..].starts_with('"')
    {
        let end = format!("\"{}", "#".repeat(marks));
        let inside = &body[2 + marks..];
        return Some(prefix + 2 + marks + inside.find(&end).unwrap_or(inside.len() - end.len()) + end.len());
    }
    let quote = body.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    if quote == '\'' {
        // A lifetime has no second quote behind its first letter.
        let mut letters = body.chars().skip(1);
        let is_escape = letters.next()? == '\\';
        if !is_escape && letters.next() != Some('\'') {
            return None;
        }
    }
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// Leaves out every item that only tests have.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().zip(MARK).filter(|(token, mark)| token == mark).count() == MARK.len() {
            at += MARK.len();
            let mut depth = 0;
            while at < tokens.len() {
                match tokens[at].as_str() {
                    "{" | "[" | "(" => depth += 1,
                    "}" | "]" | ")" => depth -= 1,
                    _ => {}
                }
                let ends = matches!(tokens[at].as_str(), ";" | "}") && depth == 0;
                at += 1;
                if ends {
                    break;
                }
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

#[test]
fn texts_are_found_however_they_are_written() {
    let text = r###"
        // "a comment"
        f("one", b"two", r#"th"ree"#, c"", 'f', '"', "\"", x::<'a>());
        #[cfg(test)]
        mod tests { g("not") }
    "###;
    let file = File {
        path: PathBuf::new(),
        text: String::new(),
        module: vec!["x".into()],
        tokens: without_tests(&tokens(text)),
    };
    assert_eq!(file.texts().collect::<Vec<_>>(), ["one", "two", "th\"ree", "", "f", "\"", "\\\""]);
}

#[test]
fn names_are_found_however_they_are_written() {
    let text = r##"
        //! crate::comment::Not
        use std::{fmt, fs::{self, File}};
        pub(crate) use super::{a::{B, c as d}, e};
        use crate::{f, g::*};
        fn h<'a>(text: &'a str) -> super::i::J { let c = '\''; crate::k::l::<M>("crate::not::This", r#"crate::nor"#, b'"') }
        mod n { use super::o; }
        #[cfg(test)]
        mod tests { use crate::p; }
        #[cfg(test)]
        mod more;
        use q::r;
    "##;
    let file = File {
        path: PathBuf::new(),
        text: String::new(),
        module: vec!["x".into()],
        tokens: without_tests(&tokens(text)),
    };
    let names: Vec<_> = file
        .names()
        .into_iter()
        .map(|(named, alias)| {
            format!("{}: {} {alias}", named.within.join("::"), named.path.join("::")).trim().to_owned()
        })
        .collect();
    assert_eq!(
        names,
        [
            "x: std::fmt fmt",
            "x: std::fs fs",
            "x: std::fs::File File",
            "x: super::a::B B",
            "x: super::a::c d",
            "x: super::e e",
            "x: crate::f f",
            "x: crate::g::* *",
            "x: super::i::J",
            "x: crate::k::l",
            "x::n: super::o o",
            "x: q::r r",
        ]
    );
}
