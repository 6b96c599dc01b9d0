//! Names that somebody may have meant.

use strsim::osa_distance;

/// The nearest of `names`, best first, at most three; none where nothing is near.
pub fn near<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    // A long input is no name, and measuring it would take long.
    if wanted.len() > 80 {
        return Vec::new();
    }
    let lower = wanted.to_lowercase();
    let allowed = 1 + wanted.chars().count() / 4;
    let mut found: Vec<(usize, &str)> = names
        .filter(|name| name.len().abs_diff(wanted.len()) <= allowed)
        .map(|name| (osa_distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    found.sort_unstable();
    found.dedup();
    let best = found.first().map_or(0, |(best, _)| *best);
    found.into_iter().filter(|(distance, _)| *distance <= best).map(|(_, name)| name).take(3).collect()
}

/// `did you mean …?`, where there is anything to mean.
pub fn did_you_mean(names: &[impl AsRef<str>]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    Some(format!("did you mean {}?", names.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["command.name", "command.object", "length", "type"];
        assert_eq!(near("comand.name", names.into_iter()), ["command.name"]);
        assert_eq!(near("tpye", names.into_iter()), ["type"]);
        assert_eq!(near("Length", names.into_iter()), ["length"]);
        assert!(near("zzz", names.into_iter()).is_empty());
    }
}
