//! A time line: how many Items there are in each step of time.

use std::fmt::Write as _;

use crate::number::{count, items, shown};
use crate::svg::escape;

/// How many Items there are in each step of time, without gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// The names of the steps, such as `2024-06`, each with its number of Items.
    pub steps: Vec<(String, u64)>,
    /// How many Items have no time.
    pub missing: u64,
}

/// Bars, lower ones first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Times {
    /// The bars that fit into so many, each with its first and its last step and its number: several steps are one where they are too many.
    fn bars(&self, most: usize) -> Vec<(&str, &str, u64)> {
        let together = self.steps.len().div_ceil(most.max(1)).max(1);
        let bar = |steps: &'_ [(String, u64)]| steps.iter().map(|(_, items)| items).sum();
        let chunks = self.steps.chunks(together);
        chunks.filter_map(|steps| Some((&*steps.first()?.0, &*steps.last()?.0, bar(steps)))).collect()
    }
}

/// The time line in so many columns: a row of bars, and below it the first and the last step. Empty where no Item has a time.
pub fn times_text(times: &Times, columns: usize) -> String {
    let bars = times.bars(columns);
    let (Some((first, ..)), Some((_, last, _))) = (bars.first(), bars.last()) else { return String::new() };
    let most = bars.iter().map(|(.., items)| *items).max().unwrap_or_default().max(1);
    let mut out = String::new();
    for (.., items) in &bars {
        // A step that has any Item is seen to have some.
        let place = usize::try_from(items.saturating_mul(8).div_ceil(most)).unwrap_or(8);
        out.push(if *items == 0 { ' ' } else { BARS[place.clamp(1, 8) - 1] });
    }
    let width = bars.len().max(first.len() + last.len() + 1);
    let gap = width - first.len() - last.len();
    let _ = write!(out, "\n{first}{:gap$}{last}\n", "");
    let _ = writeln!(out, "at most {} in one bar", count(most));
    out
}

/// The time line as SVG, as wide as what it stands in.
pub fn times_svg(times: &Times) -> String {
    const WIDTH: f64 = 720.0;
    const HEIGHT: f64 = 60.0;
    let bars = times.bars(180);
    let most = bars.iter().map(|(.., items)| *items).max().unwrap_or_default().max(1);
    let mut out = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="times" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%"><title>How many Items there are when</title>"#
    );
    #[expect(clippy::cast_precision_loss, reason = "what is shown has few digits")]
    let (step, part) = (WIDTH / bars.len().max(1) as f64, |items: u64| items as f64 / most as f64);
    for (place, (first, last, number)) in bars.iter().enumerate().filter(|(_, (.., number))| *number > 0) {
        let height = (part(*number) * HEIGHT).max(1.0);
        #[expect(clippy::cast_precision_loss, reason = "few bars")]
        let x = place as f64 * step;
        let _ = write!(
            out,
            r##"<rect x="{}" y="{}" width="{}" height="{}" fill="#b5431f"><title>"##,
            shown(x),
            shown(HEIGHT - height),
            shown((step - 1.0).max(step * 0.8)),
            shown(height),
        );
        let name = if first == last { (*first).to_owned() } else { format!("{first} to {last}") };
        escape(&mut out, &format!("{name}: {}", items(*number)));
        out.push_str("</title></rect>");
    }
    out.push_str("</svg>");
    out
}
