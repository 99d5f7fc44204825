//! The outline of the land (Natural Earth, public domain; see the head of `data/land.txt`).

use std::sync::LazyLock;

use crate::view::View;

const TEXT: &str = include_str!("../data/land.txt");

/// Rings, in degrees. Those that cross the antimeridian go on beyond it.
static RINGS: LazyLock<Vec<Vec<[f64; 2]>>> = LazyLock::new(|| TEXT.lines().filter_map(ring).collect());

fn ring(line: &str) -> Option<Vec<[f64; 2]>> {
    let steps = line.split(' ').map(|step| {
        let (x, y) = step.split_once(',')?;
        Some([x.parse::<i32>().ok()?, y.parse::<i32>().ok()?])
    });
    // A line that is none is a remark.
    let steps: Vec<[i32; 2]> = steps.collect::<Option<_>>()?;
    let mut at = [0, 0];
    let mut places = Vec::with_capacity(steps.len());
    for [x, y] in steps {
        at = [at[0] + x, at[1] + y];
        places.push(at.map(|part| f64::from(part) / 100.0));
    }
    Some(places)
}

/// The rings that a view meets, turned to where it is.
pub(crate) fn rings(view: View) -> impl Iterator<Item = Vec<[f64; 2]>> {
    RINGS.iter().flat_map(move |ring| {
        let ends = |axis: usize| {
            let all = ring.iter().map(|at| at[axis]);
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), part| (low.min(part), high.max(part)))
        };
        let ((west, east), (south, north)) = (ends(0), ends(1));
        let is_seen = south <= view.north && north >= view.south;
        let turns = view.turns(west, east).filter(move |_| is_seen);
        turns.map(|turn| ring.iter().map(|[x, y]| [x + turn, *y]).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_land_is_where_it_is() {
        assert_eq!(RINGS.len() + 3, TEXT.lines().count());
        // By the rule of crossings.
        let is_land = |x: f64, y: f64| {
            let crossings = rings(View::default()).map(|ring| {
                let next = ring.iter().cycle().skip(1);
                let crosses = |(a, b): &(&[f64; 2], &[f64; 2])| {
                    (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]
                };
                ring.iter().zip(next).filter(crosses).count()
            });
            crossings.sum::<usize>() % 2 == 1
        };
        // None goes around the world in one step, but below the land of the south pole.
        let leap = |two: &[[f64; 2]]| (two[0][0] - two[1][0]).abs() > 180.0 && two[0][1] > -90.0;
        assert!(!RINGS.iter().any(|ring| ring.windows(2).any(leap)));
        // Berlin, Nairobi, Denver, Alice Springs, Vostok, Chukotka beyond the antimeridian; oceans.
        for (x, y) in
            [(13.4, 52.5), (36.8, -1.3), (-105.0, 39.7), (133.9, -23.7), (106.8, -78.5), (-175.0, 66.5)]
        {
            assert!(is_land(x, y), "{x} {y}");
        }
        for (x, y) in [(-30.0, 0.0), (-150.0, 30.0), (80.0, -40.0), (0.0, 88.0)] {
            assert!(!is_land(x, y), "{x} {y}");
        }
    }
}
