//! Which files lead from one version to another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The fewest files, in their order: a version by itself makes it out of nothing, `A-B` makes B of A. `None`: there is no way.
pub(super) fn steps(names: &BTreeSet<String>, from: Option<&str>, to: &str) -> Option<Vec<String>> {
    let Some(from) = from else { return names.contains(to).then(|| vec![to.to_owned()]) };
    let mut ways: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (one, other) in names.iter().filter_map(|name| name.split_once('-')) {
        ways.entry(one).or_default().push(other);
    }
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([from]);
    while let Some(version) = next.pop_front() {
        if version == to {
            let mut files = Vec::new();
            let mut at = version;
            while let Some(before) = came_from.get(at).filter(|_| at != from) {
                files.push(format!("{before}-{at}"));
                at = before;
            }
            files.reverse();
            return Some(files);
        }
        for other in ways.get(version).into_iter().flatten() {
            if *other != from && !came_from.contains_key(other) {
                came_from.insert(other, version);
                next.push_back(other);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_is_taken() {
        let names =
            ["0.1.0", "0.2.0", "0.1.0-0.1.1", "0.1.1-0.2.0", "0.1.0-0.2.0", "0.2.0-0.3.0", "0.2.0-0.1.0"];
        let names: BTreeSet<String> = names.map(str::to_owned).into();
        let found = |from, to| steps(&names, from, to).map(|files| files.join(" "));
        assert_eq!(found(None, "0.2.0").as_deref(), Some("0.2.0"));
        assert_eq!(found(None, "0.3.0"), None);
        assert_eq!(found(Some("0.1.0"), "0.3.0").as_deref(), Some("0.1.0-0.2.0 0.2.0-0.3.0"));
        assert_eq!(found(Some("0.1.1"), "0.3.0").as_deref(), Some("0.1.1-0.2.0 0.2.0-0.3.0"));
        assert_eq!(found(Some("0.3.0"), "0.1.0"), None);
    }
}
