//! The time, cut into windows that have about as many Items each.

use jiff::Timestamp;
use stacyard_model::Interval;
use stacyard_store::Error;

/// Where the time is cut that is open to one side: Items beyond are in the first or the last window, however many they are.
const FIRST: i64 = -2_208_988_793;
const LAST: i64 = 4_102_444_807;

/// So many windows there are at most, about: each costs a request or two before anything is fetched.
const MOST: usize = 64;

/// A window; `None` at an end: it is open.
pub(super) type Ends = (Option<Timestamp>, Option<Timestamp>);

/// Cuts a time in which there are so many Items, until no part has more than `most`. The parts touch, and together are the whole, whatever `count` says,
/// which is how many Items the API finds in one; `None`: it does not say.
pub(super) fn windows(
    whole: Ends,
    matched: u64,
    most: u64,
    mut count: impl FnMut(Ends) -> Result<Option<u64>, Error>,
) -> Result<Vec<Ends>, Error> {
    let most = most.max(matched / MOST as u64);
    let (mut found, mut left) = (Vec::new(), vec![(whole, matched)]);
    while let Some((window, items)) = left.pop() {
        let is_small = items <= most || found.len() + left.len() >= 2 * MOST;
        let middle = if is_small { None } else { middle(window) };
        let halves = match middle {
            None => None,
            Some(middle) => {
                let halves = [(window.0, Some(middle)), (Some(middle), window.1)];
                match (count(halves[0])?, count(halves[1])?) {
                    (Some(first), Some(second)) if is_cut(items, first, second) => {
                        Some([(halves[0], first), (halves[1], second)])
                    }
                    _ => None,
                }
            }
        };
        match halves {
            None => found.push(window),
            Some([first, second]) => left.extend([second, first]),
        }
    }
    Ok(found)
}

/// Whether two halves are worth being asked for by themselves. Where they have less than the whole, there are Items that the API finds in none of
/// them; where they have much more, most Items are in both, or it does not look at the time.
const fn is_cut(whole: u64, first: u64, second: u64) -> bool {
    let both = first.saturating_add(second);
    both >= whole && both <= whole.saturating_add(whole / 8)
}

/// The middle of a window, to the second.
fn middle((start, end): Ends) -> Option<Timestamp> {
    let start = start.map_or(FIRST, Timestamp::as_second);
    let end = end.map_or(LAST, Timestamp::as_second);
    let middle = start + end.checked_sub(start)? / 2;
    (start < middle && middle < end).then(|| Timestamp::from_second(middle).ok())?
}

/// The ends of what a search wants.
pub(super) fn ends(of: Option<Interval>) -> Ends {
    of.map_or((None, None), |of| (of.start(), of.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items with extents, in seconds, of a server that compares them as `finds` says.
    fn cut(items: &[(i64, i64)], most: u64, finds: fn((i64, i64), (i64, i64)) -> bool) -> Vec<(i64, i64)> {
        let plain = |(start, end): Ends| {
            (start.map_or(i64::MIN, Timestamp::as_second), end.map_or(i64::MAX, Timestamp::as_second))
        };
        let count =
            |ends: Ends| Ok(Some(items.iter().filter(|item| finds(**item, plain(ends))).count() as u64));
        let found = windows((None, None), items.len() as u64, most, count).unwrap();
        found.into_iter().map(plain).collect()
    }

    fn overlaps(item: (i64, i64), window: (i64, i64)) -> bool {
        item.0 <= window.1 && window.0 <= item.1
    }

    #[test]
    fn parts_touch_and_are_the_whole() {
        let items: Vec<_> = (0..1000).map(|n| (1_700_000_000 + n * 3600, 1_700_000_000 + n * 3600)).collect();
        let found = cut(&items, 100, overlaps);
        assert!(found.len() > 10 && found.len() < 40, "{found:?}");
        assert_eq!((found[0].0, found[found.len() - 1].1), (i64::MIN, i64::MAX));
        assert!(found.windows(2).all(|two| two[0].1 == two[1].0));
        for window in &found {
            assert!(items.iter().filter(|item| overlaps(**item, *window)).count() <= 100);
        }
    }

    #[test]
    fn what_windows_do_not_serve_is_not_cut() {
        let whole = [(i64::MIN, i64::MAX)];
        let points: Vec<_> = (0..1000).map(|n| (n * 3600, n * 3600)).collect();
        // A server that does not look at the time.
        assert_eq!(cut(&points, 100, |_, _| true), whole);
        // One that finds some Items in no window.
        assert_eq!(cut(&points, 100, |item, window| item.0 > 7200 && overlaps(item, window)), whole);
        // Items that last for all of the time.
        assert_eq!(cut(&vec![(0, 4_000_000_000); 1000], 100, overlaps), whole);
        // One instant.
        let found = cut(&[(1_700_000_000, 1_700_000_000); 1000], 100, overlaps);
        assert!(found.len() <= 64, "{found:?}");
    }
}
