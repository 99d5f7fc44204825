//! Writing JSON into a buffer that is used again for each Item. Commas look after themselves.

use stacyard_model::json::push_string;

/// JSON under construction.
#[derive(Debug, Default)]
pub(crate) struct Json(Vec<u8>);

impl Json {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }

    /// The name of a member whose value comes next. It must need no escapes: names are looked at twice as often
    /// as anything else.
    pub(crate) fn key(&mut self, name: &'static str) -> &mut Self {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
        self
    }

    /// A value as it is written in JSON.
    pub(crate) fn raw(&mut self, json: &str) {
        self.separate();
        self.0.extend_from_slice(json.as_bytes());
    }

    /// Members that were written before.
    pub(crate) fn members(&mut self, members: &Self) {
        self.separate();
        self.0.extend_from_slice(&members.0);
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        push_string(&mut self.0, text);
    }

    pub(crate) fn integer(&mut self, value: i64) {
        self.separate();
        self.digits(value.unsigned_abs(), value < 0, 0);
    }

    /// A number with at most `decimals` of them, and at least one: a float stays one.
    #[expect(clippy::cast_possible_truncation, reason = "degrees, metres and percent are far below 2^63")]
    pub(crate) fn float(&mut self, value: f64, decimals: usize) {
        self.separate();
        let scaled = (value * 10_f64.powi(i32::try_from(decimals).unwrap_or(0))).round() as i64;
        self.digits(scaled.unsigned_abs(), scaled < 0, decimals);
        while self.0.ends_with(b"0") && !self.0.ends_with(b".0") {
            self.0.pop();
        }
    }

    /// Writes `value` with a point before its last `decimals` digits.
    fn digits(&mut self, mut value: u64, negative: bool, decimals: usize) {
        let mut text = [b'0'; 24];
        let mut at = text.len();
        let mut written = 0;
        while value > 0 || written <= decimals {
            if decimals > 0 && written == decimals {
                at -= 1;
                text[at] = b'.';
            }
            at -= 1;
            text[at] = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
            written += 1;
        }
        if negative {
            self.0.push(b'-');
        }
        self.0.extend_from_slice(&text[at..]);
    }

    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.separate();
        self.0.push(b'{');
        members(self);
        self.0.push(b'}');
    }

    pub(crate) fn array(&mut self, elements: impl FnOnce(&mut Self)) {
        self.separate();
        self.0.push(b'[');
        elements(self);
        self.0.push(b']');
    }

    pub(crate) fn floats(&mut self, values: &[f64], decimals: usize) {
        self.array(|json| values.iter().for_each(|&value| json.float(value, decimals)));
    }
}
