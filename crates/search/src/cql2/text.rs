//! CQL2 text (OGC 21-065r2 annex B) by recursive descent, with the place of every error.
//!
//! Written by hand rather than taken from the `cql2` crate: its grammar tries a parenthesis in two ways at each
//! level, so that 20 open parentheses take it seconds, and it reads every number as a double (9007199254740993 becomes
//! ...992). The tests compare the two.

use super::build;
use super::expr::{ArithmeticOp, CompareOp, Expr, Literal, NumberLiteral};
use super::lexer::{self, Kind, Token};
use super::{MAX_FILTER_DEPTH, MAX_FILTER_OPERATORS, check_length};
use crate::bbox::SearchBox;
use crate::error::{FilterError, Reason};
use crate::property::Property;

/// Parses a filter in CQL2 text.
pub fn parse_text(filter: &str) -> Result<Expr, FilterError> {
    Parser::new(filter)?.whole()
}

/// The byte at which a predicate of the filter begins: of equal ones the first.
pub(super) fn locate(filter: &str, predicate: &Expr) -> Option<usize> {
    let mut parser = Parser { wanted: Some(predicate), ..Parser::new(filter).ok()? };
    parser.whole().ok()?;
    parser.found
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    /// Arithmetic operators so far: each is one level of the expression, though none of the parser.
    links: usize,
    /// A predicate that is looked for, and the byte where it was found.
    wanted: Option<&'a Expr>,
    found: Option<usize>,
}

type Parsed<T = Expr> = Result<T, FilterError>;

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parsed<Self> {
        check_length(text)?;
        let tokens = lexer::tokens(text)?;
        Ok(Self { text, tokens, next: 0, depth: 0, links: 0, wanted: None, found: None })
    }

    fn whole(&mut self) -> Parsed {
        let expr = self.disjunction()?;
        if self.peek().kind != Kind::End {
            return Err(self.left_over());
        }
        if expr.depth() > MAX_FILTER_DEPTH {
            return Err(self.too_deep());
        }
        Ok(expr)
    }

    pub(super) fn peek(&self) -> Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Token {
        // The list ends with the end token, which is never passed.
        self.tokens[(self.next + by).min(self.tokens.len() - 1)]
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek();
        self.next += usize::from(token.kind != Kind::End);
        token
    }

    pub(super) fn slice(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.peek().kind == Kind::Symbol && self.slice(self.peek()) == symbol
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Parsed<()> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    fn word_ahead(&self, by: usize, word: &str) -> bool {
        let token = self.ahead(by);
        token.kind == Kind::Word && self.slice(token).eq_ignore_ascii_case(word)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.word_ahead(0, word);
        self.next += usize::from(found);
        found
    }

    pub(super) fn fail(&self, token: Token, reason: impl Into<Reason>) -> FilterError {
        FilterError::at(self.text, token.start, reason)
    }

    pub(super) fn unexpected(&self, wanted: &str) -> FilterError {
        let token = self.peek();
        let found = match token.kind {
            Kind::End => "the end of the filter".to_owned(),
            _ => format!("`{}`", self.slice(token).chars().take(40).collect::<String>()),
        };
        self.fail(token, format!("{found} where {wanted} is expected"))
    }

    /// The error of what follows a whole predicate: most often a string without its quotes.
    fn left_over(&self) -> FilterError {
        let token = self.peek();
        let error = self.unexpected("AND, OR or the end of the filter");
        if self.word_ahead(0, "ilike") {
            return FilterError {
                remedy: Some("write CASEI(name) LIKE CASEI('pattern%')".to_owned()),
                ..error
            };
        }
        let is_apart = |c: char| c.is_whitespace() || "()=<>,'\"".contains(c);
        let start = self.text[..token.start]
            .rfind(is_apart)
            .map_or(0, |at| at + self.text[at..].chars().next().map_or(1, char::len_utf8));
        let end = self.text[token.start..].find(is_apart).map_or(self.text.len(), |at| token.start + at);
        let remedy = match self.text.get(start..end) {
            Some(word) if start < token.start && word.len() <= 100 => {
                format!("a string goes in single quotes: '{word}'")
            }
            _ => "join two predicates with AND or OR; a string goes in single quotes".to_owned(),
        };
        FilterError { remedy: Some(remedy), ..error }
    }

    /// Runs `inner` one level deeper: the recursion is bounded whatever the text.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_FILTER_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn too_many(&self) -> FilterError {
        self.fail(self.peek(), format!("more than {MAX_FILTER_OPERATORS} arithmetic operators"))
    }

    fn too_deep(&self) -> FilterError {
        self.fail(self.peek(), format!("nested deeper than {MAX_FILTER_DEPTH} levels"))
    }

    fn disjunction(&mut self) -> Parsed {
        let mut list = vec![self.conjunction()?];
        while self.take_word("or") {
            list.push(self.conjunction()?);
        }
        Ok(Expr::or(list))
    }

    fn conjunction(&mut self) -> Parsed {
        let mut list = vec![self.negation()?];
        while self.take_word("and") {
            list.push(self.negation()?);
        }
        Ok(Expr::and(list))
    }

    fn negation(&mut self) -> Parsed {
        if self.take_word("not") {
            return self.deeper(Self::negation).map(|inner| Expr::Not(inner.into()));
        }
        self.predicate()
    }

    fn predicate(&mut self) -> Parsed {
        let start = self.peek().start;
        let (negated, predicate) = self.bare_predicate()?;
        if self.found.is_none() && self.wanted == Some(&predicate) {
            self.found = Some(start);
        }
        Ok(if negated { Expr::Not(predicate.into()) } else { predicate })
    }

    /// A predicate, and whether a NOT within it (`NOT LIKE`) turns it round.
    fn bare_predicate(&mut self) -> Parsed<(bool, Expr)> {
        let left = self.sum()?;
        let at = self.peek();
        if let Some(op) = self.comparison() {
            self.advance();
            let right = self.sum()?;
            if self.comparison().is_some() {
                return Err(self.fail(self.peek(), ("comparisons do not chain", "join two of them with AND")));
            }
            return Ok((false, Expr::Compare(op, left.into(), right.into())));
        }
        if self.take_word("is") {
            let negated = self.take_word("not");
            if !self.take_word("null") {
                return Err(self.unexpected("NULL"));
            }
            return Ok((negated, Expr::IsNull(left.into())));
        }
        let negated =
            ["like", "in", "between"].iter().any(|word| self.word_ahead(1, word)) && self.take_word("not");
        if self.take_word("like") {
            let pattern = self.sum()?;
            return Ok((negated, Expr::Like(left.into(), pattern.into())));
        }
        if self.take_word("between") {
            let low = self.sum()?;
            if !self.take_word("and") {
                return Err(self.unexpected("the AND of BETWEEN"));
            }
            let high = self.sum()?;
            return Ok((negated, Expr::Between(Box::new([left, low, high]))));
        }
        if self.take_word("in") {
            if !self.take_symbol("(") {
                let remedy = Some("the list of IN goes in parentheses, such as IN ('a', 'b')".to_owned());
                return Err(FilterError { remedy, ..self.unexpected("`(`") });
            }
            let list = self.deeper(Self::list)?;
            if list.is_empty() {
                return Err(self.fail(at, "IN needs one value or more"));
            }
            return Ok((negated, Expr::In(left.into(), list)));
        }
        Ok((false, left))
    }

    fn comparison(&self) -> Option<CompareOp> {
        let token = self.peek();
        (token.kind == Kind::Symbol).then(|| build::comparison(self.slice(token))).flatten()
    }

    fn sum(&mut self) -> Parsed {
        self.chain(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Parsed {
        self.chain(&["*", "/", "%", "div"], Self::power)
    }

    /// Operators of one rank, applied from the left.
    fn chain(&mut self, operators: &[&str], operand: fn(&mut Self) -> Parsed) -> Parsed {
        let mut left = operand(self)?;
        while let Some(op) = self.arithmetic(operators) {
            self.links += 1;
            if self.links > MAX_FILTER_OPERATORS {
                return Err(self.too_many());
            }
            self.advance();
            left = Expr::Arithmetic(op, left.into(), operand(self)?.into());
        }
        Ok(left)
    }

    fn arithmetic(&self, operators: &[&str]) -> Option<ArithmeticOp> {
        let token = self.peek();
        if !matches!(token.kind, Kind::Symbol | Kind::Word) {
            return None;
        }
        let symbol = self.slice(token).to_ascii_lowercase();
        operators.contains(&symbol.as_str()).then(|| build::arithmetic(&symbol)).flatten()
    }

    fn power(&mut self) -> Parsed {
        let base = self.signed()?;
        if !self.take_symbol("^") {
            return Ok(base);
        }
        self.links += 1;
        if self.links > MAX_FILTER_OPERATORS {
            return Err(self.too_many());
        }
        let exponent = self.signed()?;
        if self.is_symbol("^") {
            return Err(self.fail(self.peek(), ("powers do not chain", "put one of them in parentheses")));
        }
        Ok(Expr::Arithmetic(ArithmeticOp::Power, base.into(), exponent.into()))
    }

    fn signed(&mut self) -> Parsed {
        if self.take_symbol("+") {
            return self.number(false).map_or_else(|| Err(self.unexpected("a number")), Ok);
        }
        if !self.take_symbol("-") {
            return self.primary();
        }
        if let Some(number) = self.number(true) {
            return Ok(number);
        }
        let minus_one = NumberLiteral::new("-1").map(|number| Expr::Literal(Literal::Number(number)));
        self.links += 1;
        if self.links > MAX_FILTER_OPERATORS {
            return Err(self.too_many());
        }
        let operand = self.deeper(Self::signed)?;
        match minus_one {
            Some(minus_one) => Ok(Expr::Arithmetic(ArithmeticOp::Multiply, minus_one.into(), operand.into())),
            None => Err(self.unexpected("a number")),
        }
    }

    fn number(&mut self, negative: bool) -> Option<Expr> {
        let token = self.peek();
        if token.kind != Kind::Number {
            return None;
        }
        let number = NumberLiteral::new(&lexer::json_number(self.slice(token), negative))?;
        self.advance();
        Some(Expr::Literal(Literal::Number(number)))
    }

    fn primary(&mut self) -> Parsed {
        let token = self.peek();
        match token.kind {
            Kind::Number => self.number(false).map_or_else(|| Err(self.unexpected("a number")), Ok),
            Kind::Text => {
                self.advance();
                Ok(Expr::Literal(Literal::Text(lexer::unquote(self.slice(token)))))
            }
            Kind::Quoted => {
                self.advance();
                self.property(token, &lexer::unquote(self.slice(token)))
            }
            Kind::Symbol if self.take_symbol("(") => self.deeper(Self::parenthesis),
            Kind::Word => self.word(),
            _ => Err(self.unexpected("a value, a property or a predicate")),
        }
    }

    /// `(EXPR)`, or an array: `()`, `(A, B)`.
    fn parenthesis(&mut self) -> Parsed {
        let mut list = self.list()?;
        if list.len() == 1 { Ok(list.swap_remove(0)) } else { Ok(Expr::Array(list)) }
    }

    /// Expressions with commas between, up to and with the closing parenthesis.
    fn list(&mut self) -> Parsed<Vec<Expr>> {
        let mut list = Vec::new();
        if self.take_symbol(")") {
            return Ok(list);
        }
        loop {
            list.push(self.disjunction()?);
            if self.take_symbol(")") {
                return Ok(list);
            }
            if !self.take_symbol(",") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
    }

    fn word(&mut self) -> Parsed {
        let token = self.advance();
        let word = self.slice(token);
        if let Some(geometry) = self.geometry(word)? {
            return Ok(Expr::Literal(Literal::Geometry(geometry)));
        }
        let lower = word.to_ascii_lowercase();
        if self.take_symbol("(") {
            return self.deeper(|parser| parser.call(token, word, &lower));
        }
        match lower.as_str() {
            "true" => Ok(Expr::Literal(Literal::Bool(true))),
            "false" => Ok(Expr::Literal(Literal::Bool(false))),
            "null" => Err(self.fail(token, ("NULL is no value of CQL2 text", "write IS NULL"))),
            "and" | "or" | "not" | "like" | "in" | "between" | "is" | "div" => {
                let remedy = "put it in double quotes if a property has this name".to_owned();
                Err(self.fail(token, (format!("`{word}` where a value is expected"), remedy)))
            }
            _ => self.property(token, word),
        }
    }

    fn property(&self, token: Token, name: &str) -> Parsed {
        Property::parse(name).map(Expr::Property).map_err(|reason| self.fail(token, reason))
    }

    /// The call of a function whose `(` is taken.
    fn call(&mut self, token: Token, name: &str, lower: &str) -> Parsed {
        let place = |parser: &Self, reason: String| parser.fail(token, reason);
        match lower {
            "date" => {
                let text = self.only_text("DATE")?;
                build::date(&text)
                    .map(|date| Expr::Literal(Literal::Date(date)))
                    .map_err(|reason| place(self, reason))
            }
            "timestamp" => {
                let text = self.only_text("TIMESTAMP")?;
                build::timestamp(&text).map(Expr::Literal).map_err(|reason| place(self, reason))
            }
            "interval" => {
                let [start, end] =
                    build::exactly(name, self.list()?).map_err(|reason| place(self, reason))?;
                let start = build::bound_of(start).map_err(|reason| place(self, reason))?;
                let end = build::bound_of(end).map_err(|reason| place(self, reason))?;
                Ok(build::interval(start, end))
            }
            "bbox" => {
                let numbers = self.numbers()?;
                SearchBox::from_numbers(&numbers)
                    .map(|area| Expr::Literal(Literal::Box(area)))
                    .map_err(|reason| place(self, format!("BBOX: {reason}")))
            }
            _ => {
                let args = if build::takes_arrays(name) { self.array_arguments()? } else { self.list()? };
                build::call(name, args).map_err(|reason| place(self, reason))
            }
        }
    }

    /// Arguments of which each one in parentheses is an array, also an array of one.
    fn array_arguments(&mut self) -> Parsed<Vec<Expr>> {
        let mut list = Vec::new();
        loop {
            list.push(if self.take_symbol("(") {
                self.deeper(Self::list).map(Expr::Array)?
            } else {
                self.disjunction()?
            });
            if self.take_symbol(")") {
                return Ok(list);
            }
            if !self.take_symbol(",") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
    }

    fn only_text(&mut self, function: &str) -> Parsed<String> {
        let token = self.peek();
        if token.kind != Kind::Text {
            return Err(self.unexpected(&format!("the string in single quotes of {function}")));
        }
        self.advance();
        self.expect_symbol(")")?;
        Ok(lexer::unquote(self.slice(token)))
    }

    fn numbers(&mut self) -> Parsed<Vec<f64>> {
        let mut numbers = vec![self.signed_number()?];
        while self.take_symbol(",") {
            numbers.push(self.signed_number()?);
        }
        self.expect_symbol(")")?;
        Ok(numbers)
    }

    /// A coordinate: a number that may have a sign.
    pub(super) fn signed_number(&mut self) -> Parsed<f64> {
        let negative = self.take_symbol("-");
        if !negative {
            self.take_symbol("+");
        }
        let token = self.peek();
        if token.kind != Kind::Number {
            return Err(self.unexpected("a number"));
        }
        self.advance();
        let number: f64 = self.slice(token).parse().map_err(|_| self.fail(token, "not a number"))?;
        if !number.is_finite() {
            return Err(self.fail(token, "a coordinate beyond all bounds"));
        }
        Ok(if negative { -number } else { number })
    }
}
