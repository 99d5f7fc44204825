//! Arithmetic (OGC 21-065r2 section 7.12): exact in decimal as far as 38 digits go, then in doubles.

use super::value::Num;
use crate::cql2::ArithmeticOp;

/// How many digits after the point are computed exactly.
const MAX_SCALE: u32 = 30;

/// The result; `None` (NULL) where there is none: a division by zero, a root of a negative number, an overflow.
pub(crate) fn compute(op: ArithmeticOp, a: &Num<'_>, b: &Num<'_>) -> Option<Num<'static>> {
    if let (Some(x), Some(y)) = (Decimal::parse(&a.text), Decimal::parse(&b.text)) {
        if y.units == 0
            && matches!(op, ArithmeticOp::Divide | ArithmeticOp::IntegerDivide | ArithmeticOp::Modulo)
        {
            return None;
        }
        if let Some(exact) = x.exactly(op, y) {
            return Some(exact.to_num());
        }
    }
    let (x, y): (f64, f64) = (a.text.parse().ok()?, b.text.parse().ok()?);
    Num::of_f64(match op {
        ArithmeticOp::Add => x + y,
        ArithmeticOp::Subtract => x - y,
        ArithmeticOp::Multiply => x * y,
        ArithmeticOp::Divide => x / y,
        ArithmeticOp::IntegerDivide => (x / y).trunc(),
        ArithmeticOp::Modulo => x % y,
        ArithmeticOp::Power => x.powf(y),
    })
}

/// `units / 10^scale`.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    /// A number without exponent that fits.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let scale = u32::try_from(fraction.len()).ok().filter(|scale| *scale <= MAX_SCALE)?;
        // The exponent of `1e5` makes this fail, as it should.
        let units = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { units, scale })
    }

    /// Both with the larger scale.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let grow = |d: Self| d.units.checked_mul(10_i128.checked_pow(scale - d.scale)?);
        Some((grow(self)?, grow(other)?, scale))
    }

    fn exactly(self, op: ArithmeticOp, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(match op {
            ArithmeticOp::Add => Self { units: a.checked_add(b)?, scale },
            ArithmeticOp::Subtract => Self { units: a.checked_sub(b)?, scale },
            ArithmeticOp::Multiply => {
                Self { units: self.units.checked_mul(other.units)?, scale: self.scale + other.scale }
            }
            ArithmeticOp::Divide if a.checked_rem(b)? == 0 => Self { units: a.checked_div(b)?, scale: 0 },
            ArithmeticOp::Divide => return None,
            ArithmeticOp::IntegerDivide => Self { units: a.checked_div(b)?, scale: 0 },
            ArithmeticOp::Modulo => Self { units: a.checked_rem(b)?, scale },
            ArithmeticOp::Power => {
                let exponent = u32::try_from(other.units).ok().filter(|_| other.scale == 0)?;
                let scale = self.scale.checked_mul(exponent).filter(|scale| *scale <= 2 * MAX_SCALE)?;
                Self { units: self.units.checked_pow(exponent)?, scale }
            }
        })
    }

    fn to_num(self) -> Num<'static> {
        let digits = self.units.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let sign = if self.units < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        Num::new(format!("{sign}{whole}{point}{fraction}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_exact_where_they_can_be() {
        use ArithmeticOp as Op;
        for (a, op, b, wanted) in [
            ("0.1", Op::Add, "0.2", Some("0.3")),
            ("9007199254740993", Op::Add, "0", Some("9007199254740993")),
            ("1", Op::Subtract, "1.5", Some("-0.5")),
            ("-0.05", Op::Multiply, "0.1", Some("-0.005")),
            ("21", Op::IntegerDivide, "10", Some("2")),
            ("-21", Op::IntegerDivide, "10", Some("-2")),
            ("-21", Op::Modulo, "10", Some("-1")),
            ("5.5", Op::Modulo, "2", Some("1.5")),
            ("6", Op::Divide, "3", Some("2")),
            ("1", Op::Divide, "4", Some("0.25")),
            ("2", Op::Power, "10", Some("1024")),
            ("1.5", Op::Power, "2", Some("2.25")),
            ("2", Op::Power, "-1", Some("0.5")),
            ("1e3", Op::Add, "1", Some("1001")),
            ("1", Op::Divide, "0", None),
            ("1.0", Op::Modulo, "0.0", None),
            ("-1", Op::Power, "0.5", None),
            ("1e300", Op::Multiply, "1e300", None),
        ] {
            let result =
                compute(op, &Num::new(a.into()), &Num::new(b.into())).map(|number| number.text.into_owned());
            assert_eq!(result.as_deref(), wanted, "{a} {op:?} {b}");
        }
    }
}
