//! The keys as they are bound: as the program has them, or as a configuration changed them.

use super::{BINDINGS, Binding, Context, Key, key};
use crate::tui::action::{Action, Group};

/// What came of the keys pressed so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Found {
    Action(Action),
    /// More keys can follow.
    Begun,
    Nothing,
}

/// Which keys do what where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap(Vec<Binding>);

impl Default for Keymap {
    fn default() -> Self {
        Keymap(BINDINGS.clone())
    }
}

impl Keymap {
    /// What keys do, in contexts of which the first goes first.
    pub(in crate::tui) fn find(&self, contexts: &[Context], pressed: &[Key]) -> Found {
        for context in contexts {
            let mut begun = false;
            for binding in self.0.iter().filter(|binding| binding.context == *context) {
                if binding.keys == pressed {
                    return Found::Action(binding.action);
                }
                begun |= binding.keys.starts_with(pressed);
            }
            if begun {
                return Found::Begun;
            }
        }
        Found::Nothing
    }

    /// The keys for an action in some contexts, as they are drawn.
    pub(in crate::tui) fn of(&self, contexts: &[Context], action: Action) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for context in contexts {
            let bound = self.0.iter().filter(|binding| binding.context == *context && binding.action == action);
            for shown in bound.map(|binding| key::drawn(&binding.keys)) {
                if !keys.contains(&shown) {
                    keys.push(shown);
                }
            }
        }
        keys
    }

    /// The key for an action that stands first where one is; nothing where there is none.
    pub(in crate::tui) fn first(&self, context: Context, action: Action) -> String {
        self.of(context.chain(), action).into_iter().next().unwrap_or_default()
    }

    /// Where an action's keys are bound, other than where something is written; there alone where it is bound nowhere else.
    fn contexts(action: Action) -> Vec<Context> {
        let mut contexts: Vec<Context> = Vec::new();
        for binding in BINDINGS.iter().filter(|binding| binding.action == action) {
            if !contexts.contains(&binding.context) {
                contexts.push(binding.context);
            }
        }
        if contexts.iter().any(|context| !context.writes()) {
            contexts.retain(|context| !context.writes());
        }
        if contexts.is_empty() { vec![Context::Browse] } else { contexts }
    }

    /// Binds keys to an action, in one context or wherever it has keys, in the place of those that it has there. Whatever these keys did in the
    /// same places they do no longer. Fails with a sentence's end where that would shut somebody in.
    pub(in crate::tui) fn bind(
        &mut self,
        context: Option<Context>,
        action: Action,
        keys: &[Vec<Key>],
    ) -> Result<(), String> {
        let contexts = context.map_or_else(|| Keymap::contexts(action), |context| vec![context]);
        let is_way_out = action.command().group == Group::Writing || action == Action::Quit;
        if keys.is_empty() && is_way_out {
            return Err(format!("`{}` needs a key", action.command().name));
        }
        for sequence in keys {
            let first = sequence.first().copied();
            if first == Key::parse("^C") && !matches!(action, Action::Quit | Action::Cancel | Action::Close) {
                return Err("`^C` is the way out and stays it".to_owned());
            }
            let writes = first.is_some_and(Key::writes) && contexts.iter().any(|context| context.writes());
            if writes {
                return Err(format!(
                    "`{}` is written where `{}` is asked for",
                    key::drawn(sequence),
                    action.command().name
                ));
            }
        }
        // The way out stays one beside whatever is chosen.
        let stays = |binding: &Binding| is_way_out && Some(&binding.keys) == Key::sequence("^C").as_ref();
        self.0.retain(|binding| {
            let is_here = contexts.contains(&binding.context);
            let clashes = |keys: &Vec<Key>| keys.starts_with(&binding.keys) || binding.keys.starts_with(keys);
            // What is bound in what is around would be hidden in part: keys that begin others.
            let is_replaced = is_here && (binding.action == action || keys.iter().any(clashes));
            !is_replaced || stays(binding)
        });
        for context in contexts {
            // What was chosen stands first, where one key of several is shown.
            for keys in keys.iter().rev() {
                self.0.insert(0, Binding { context, keys: keys.clone(), action });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Key> {
        Key::sequence(text).unwrap()
    }

    #[test]
    fn keys_come_one_after_the_other() {
        let (map, contexts) = (Keymap::default(), Context::Timeline.chain());
        assert_eq!(map.find(contexts, &keys("g")), Found::Begun);
        assert_eq!(map.find(contexts, &keys("g g")), Found::Action(Action::First));
        assert_eq!(map.find(contexts, &keys("g x")), Found::Nothing);
        assert_eq!(map.find(contexts, &keys("q")), Found::Action(Action::Quit));
        assert_eq!(map.find(Context::Popup.chain(), &keys("q")), Found::Action(Action::Close));
        assert_eq!(map.find(Context::Prompt.chain(), &keys("q")), Found::Nothing);
        assert_eq!(map.of(contexts, Action::Search), ["/", "^F"]);
    }

    #[test]
    fn chosen_keys_take_the_place_of_others() {
        let (mut map, contexts) = (Keymap::default(), Context::Timeline.chain());
        map.bind(None, Action::Filter, &[keys("g"), keys("^E")]).unwrap();
        assert_eq!(map.find(contexts, &keys("g")), Found::Action(Action::Filter));
        assert_eq!(map.find(contexts, &keys("\\")), Found::Nothing);
        assert_eq!(map.of(contexts, Action::Filter), ["g", "^E"]);
        // In lists in windows it still begins another.
        assert_eq!(map.find(Context::Popup.chain(), &keys("g")), Found::Begun);
        map.bind(Some(Context::Fields), Action::Mark, &[keys("v")]).unwrap();
        assert_eq!(map.find(Context::Fields.chain(), &keys("v")), Found::Action(Action::Mark));
        assert_eq!(map.of(&[Context::Fields], Action::Read), Vec::<String>::new());
        map.bind(None, Action::Plots, &[]).unwrap();
        assert_eq!(map.find(contexts, &keys("P")), Found::Nothing);
    }

    #[test]
    fn nobody_is_shut_in() {
        let mut map = Keymap::default();
        assert!(map.bind(None, Action::Quit, &[]).is_err());
        assert!(map.bind(None, Action::Down, &[keys("^C")]).is_err());
        assert!(map.bind(None, Action::Accept, &[keys("x")]).is_err());
        assert!(map.bind(Some(Context::Palette), Action::Down, &[keys("j")]).is_err());
        assert_eq!(map, Keymap::default());
        map.bind(None, Action::Quit, &[keys("Q")]).unwrap();
        assert_eq!(map.of(&[Context::Global], Action::Quit), ["Q", "^C"]);
        assert_eq!(map.find(Context::Timeline.chain(), &keys("q")), Found::Nothing);
        // A list's keys in the palette are those of a line.
        map.bind(None, Action::Down, &[keys("n")]).unwrap();
        assert_eq!(map.find(Context::Palette.chain(), &keys("n")), Found::Nothing);
    }
}
