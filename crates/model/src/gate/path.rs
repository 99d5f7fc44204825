//! Where the gate stands: a list of borrowed tokens on the call stack, made a JSON pointer only for a finding.

use crate::json::{Key, push_pointer_token};

/// How many bytes of a name stand in a pointer: what is longer is no name, and would stand in each finding below it.
const SHOWN: usize = 4096;

fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(SHOWN)]
}

/// A place in the object under check.
#[derive(Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    token: Token<'p>,
}

#[derive(Clone, Copy)]
enum Token<'p> {
    Root,
    Name(&'p str),
    Key(Key<'p>),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(super) const ROOT: Path<'static> = Path { parent: None, token: Token::Root };

    pub(super) fn member(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), token: Token::Name(name) }
    }

    pub(super) fn key(&'p self, key: Key<'p>) -> Self {
        Self { parent: Some(self), token: Token::Key(key) }
    }

    pub(super) fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), token: Token::Index(index) }
    }

    /// The JSON pointer of RFC 6901.
    pub(super) fn pointer(&self) -> String {
        let mut pointer = self.parent.map(Path::pointer).unwrap_or_default();
        match self.token {
            Token::Root => {}
            Token::Name(name) => push_pointer_token(&mut pointer, short(name)),
            Token::Key(key) => push_pointer_token(&mut pointer, short(&key.text())),
            Token::Index(index) => push_pointer_token(&mut pointer, &index.to_string()),
        }
        pointer
    }
}
