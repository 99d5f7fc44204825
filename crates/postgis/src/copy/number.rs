//! Numbers that `jsonb` gives back as other JSON values.

/// Whether it does: it writes them without an exponent, so that 1e2, a float, would become the integer 100, and it has no negative zero.
pub(crate) fn is_changed(number: &str) -> bool {
    let bytes = number.as_bytes();
    if bytes[0] == b'-'
        && !bytes.iter().take_while(|b| !matches!(b, b'e' | b'E')).any(|b| (b'1'..=b'9').contains(b))
    {
        return true;
    }
    let Some(at) = bytes.iter().position(|b| matches!(b, b'e' | b'E')) else { return false };
    let decimals = number[..at].find('.').map_or(0, |point| at - point - 1);
    // With a decimal left it is written as a float still.
    let Ok(exponent) = number[at + 1..].parse::<i32>() else { return true };
    exponent < -1_000 || usize::try_from(exponent).is_ok_and(|exponent| decimals <= exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_jsonb_would_change() {
        for odd in
            ["-0", "-0.0", "-0e5", "1e2", "1E+2", "1.5e1", "1e400", "1e-2000", "1e99999999999999999999"]
        {
            assert!(is_changed(odd), "{odd}");
        }
        for plain in ["0", "0.0", "-1", "1.0", "-0.5", "1e-05", "1.25e1", "9007199254740993", "2.5E-7"] {
            assert!(!is_changed(plain), "{plain}");
        }
    }
}
