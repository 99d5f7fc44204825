//! The temporal predicates (OGC 21-065r2 section 7.8): conditions on the ends of two closed spans, after Allen.

use crate::cql2::TemporalOp;
use crate::time::Span;

pub(crate) fn holds(op: TemporalOp, a: Span, b: Span) -> bool {
    match op {
        TemporalOp::After => a.low > b.high,
        TemporalOp::Before => a.high < b.low,
        TemporalOp::Contains => a.low < b.low && a.high > b.high,
        TemporalOp::Disjoint => a.low > b.high || a.high < b.low,
        TemporalOp::During => a.low > b.low && a.high < b.high,
        TemporalOp::Equals => a == b,
        TemporalOp::FinishedBy => a.low < b.low && a.high == b.high,
        TemporalOp::Finishes => a.low > b.low && a.high == b.high,
        TemporalOp::Intersects => a.low <= b.high && a.high >= b.low,
        TemporalOp::Meets => a.high == b.low,
        TemporalOp::MetBy => a.low == b.high,
        TemporalOp::OverlappedBy => a.low > b.low && a.low < b.high && a.high > b.high,
        TemporalOp::Overlaps => a.low < b.low && a.high > b.low && a.high < b.high,
        TemporalOp::StartedBy => a.low == b.low && a.high > b.high,
        TemporalOp::Starts => a.low == b.low && a.high < b.high,
    }
}
