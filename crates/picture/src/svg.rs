//! A map as SVG. Its units are degrees, its y goes south. Colours are attributes, so that it needs no style sheet; one can change them by
//! the classes `sea`, `land`, `graticule`, `cell` and `footprint`.

use std::fmt::Write as _;

use crate::number::{items, push, shown};
use crate::shape::{Piece, pieces};
use crate::{Picture, land};

/// The map. It has the title for those who do not see it, and is as wide as what it stands in.
pub fn svg(picture: &Picture, title: &str) -> String {
    let view = picture.view;
    let (x, y, width, height) =
        (shown(view.west), shown(-view.north), shown(view.width()), shown(view.height()));
    let mut out = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="map" role="img" viewBox="{x} {y} {width} {height}" width="100%"><title>"#
    );
    escape(&mut out, title);
    let _ = write!(
        out,
        r##"</title><rect class="sea" x="{x}" y="{y}" width="{width}" height="{height}" fill="#dfeaf2"/><path class="land" fill="#f6f3ea" stroke="#b9b3a2" stroke-width="1" vector-effect="non-scaling-stroke" d=""##
    );
    for ring in land::rings(view) {
        push_line(&mut out, &ring, true);
    }
    out.push_str(r##""/><path class="graticule" fill="none" stroke="#8fa3b3" stroke-opacity=".4" stroke-width="1" vector-effect="non-scaling-stroke" d=""##);
    let [meridians, parallels] = view.graticule();
    for line in meridians {
        push_line(&mut out, &[[line, view.south], [line, view.north]], false);
    }
    for line in parallels {
        push_line(&mut out, &[[view.west, line], [view.east, line]], false);
    }
    out.push_str("\"/>");
    for (cell, strength) in picture.strengths() {
        let [west, south, east, north] = cell.bbox;
        for turn in view.turns(west, east) {
            let _ = write!(
                out,
                r##"<rect class="cell" x="{}" y="{}" width="{}" height="{}" fill="#b5431f" fill-opacity="{}"><title>{}</title></rect>"##,
                shown(west + turn),
                shown(-north),
                shown(east - west),
                shown(north - south),
                shown(0.15 + 0.7 * strength),
                items(cell.items),
            );
        }
    }
    for (place, geometry) in picture.footprints.iter().enumerate() {
        let pieces = pieces(geometry, view);
        let is_area = pieces.iter().any(|piece| matches!(piece, Piece::Area(_)));
        // A place is a line without length, whose round ends are a dot.
        let is_dot = pieces.iter().all(|piece| matches!(piece, Piece::Point(_)));
        let _ = write!(
            out,
            r##"<path class="footprint" id="f{place}" fill="{}" fill-opacity=".18" fill-rule="evenodd" stroke="#b5431f" stroke-width="{}" stroke-linecap="round" vector-effect="non-scaling-stroke" d=""##,
            if is_area { "#b5431f" } else { "none" },
            if is_dot { 6 } else { 1 },
        );
        for piece in &pieces {
            match piece {
                Piece::Point(at) => push_line(&mut out, &[*at, *at], false),
                Piece::Line(line) => push_line(&mut out, line, false),
                Piece::Area(rings) => rings.iter().for_each(|ring| push_line(&mut out, ring, true)),
            }
        }
        out.push_str("\"/>");
    }
    out.push_str("</svg>");
    out
}

fn push_line(out: &mut String, line: &[[f64; 2]], is_ring: bool) {
    for (place, [x, y]) in line.iter().enumerate() {
        out.push(if place == 0 { 'M' } else { 'L' });
        push(out, *x);
        out.push(' ');
        push(out, -y);
    }
    if is_ring {
        out.push('Z');
    }
}

/// Appends a text that is no markup.
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no other control characters.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}
