//! Rows of a row group in runs, ascending: a billion rows that nothing has told apart are one run.

use std::ops::Range;

/// Appends rows; to the last run where they go on from it.
pub(crate) fn push(runs: &mut Vec<Range<usize>>, rows: Range<usize>) {
    match runs.last_mut() {
        Some(last) if last.end == rows.start => last.end = rows.end,
        _ => runs.push(rows),
    }
}

/// The parts of ascending runs that lie in a range.
pub(crate) fn inside(runs: &[Range<usize>], range: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let from = runs.partition_point(|run| run.end <= range.start);
    let inner = runs[from..].iter().take_while(|run| run.start < range.end);
    inner.map(|run| run.start.max(range.start)..run.end.min(range.end))
}

/// The same, counted from the beginning of the range on.
pub(crate) fn within(runs: &[Range<usize>], range: Range<usize>) -> Vec<Range<usize>> {
    inside(runs, &range).map(|run| run.start - range.start..run.end - range.start).collect()
}

/// What of ascending runs is in none of some others, which are ascending, too.
pub(crate) fn without(runs: &[Range<usize>], others: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    for run in runs {
        let mut next = run.start;
        for other in inside(others, run).chain(std::iter::once(run.end..run.end)) {
            if other.start > next {
                push(&mut left, next..other.start);
            }
            next = other.end;
        }
    }
    left
}

/// Cuts runs into slices of so many rows, or fewer in the last.
pub(crate) fn slices(
    runs: impl IntoIterator<Item = Range<usize>>,
    length: usize,
) -> impl Iterator<Item = Vec<Range<usize>>> {
    let mut runs = runs.into_iter();
    let mut run = 0..0;
    std::iter::from_fn(move || {
        let mut slice = Vec::new();
        let mut room = length;
        while room > 0 {
            if run.is_empty() {
                let Some(next) = runs.next() else { break };
                run = next;
            }
            let end = run.end.min(run.start.saturating_add(room));
            room -= end - run.start;
            slice.push(run.start..end);
            run.start = end;
        }
        (!slice.is_empty()).then_some(slice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_go_on_are_one_run() {
        let mut runs = Vec::new();
        for rows in [0..2, 2..3, 5..6] {
            push(&mut runs, rows);
        }
        assert_eq!(runs, [0..3, 5..6]);
    }

    #[test]
    fn runs_are_cut_at_row_groups() {
        assert_eq!(within(&[0..3, 5..12, 14..15], 2..10), [0..1, 3..8]);
        assert_eq!(within(&[0..3, 5..12, 14..15], 10..20), [0..2, 4..5]);
        assert!(within(&[0..3, 9..10], 3..9).is_empty());
    }

    #[test]
    fn what_others_leave() {
        let runs = [0..3, 5..12, 14..15, 20..22];
        assert_eq!(without(&runs, &[1..2, 4..7, 11..16]), [0..1, 2..3, 7..11, 20..22]);
        assert_eq!(without(&runs, &[]), runs);
        assert!(without(&runs, std::slice::from_ref(&(0..30))).is_empty());
    }

    #[test]
    fn slices_have_so_many_rows() {
        let cut = |length| {
            let runs = slices([0..3, 5..6, 8..12], length).collect::<Vec<_>>();
            runs.iter().map(|runs| format!("{runs:?}")).collect::<Vec<_>>()
        };
        assert_eq!(cut(4), ["[0..3, 5..6]", "[8..12]"]);
        assert_eq!(cut(5), ["[0..3, 5..6, 8..9]", "[9..12]"]);
        assert_eq!(cut(100), ["[0..3, 5..6, 8..12]"]);
    }

    #[test]
    fn slices_are_made_as_they_are_asked_for() {
        let mut slices = slices(std::iter::once(0..usize::MAX), 1_024);
        assert_eq!(slices.nth(2).unwrap()[0], 2_048..3_072);
    }
}
