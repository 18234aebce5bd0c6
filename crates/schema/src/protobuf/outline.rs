//! The messages that a schema as registered declares, in order: what message indexes count.

use super::descriptor;
use super::error::ProtobufError;
use super::indexes::MessageIndexes;
use super::tokens::{Token, Tokens};
use crate::schema::Schema;

/// What a Protobuf schema declares, by name.
///
/// # The rule
///
/// Whether the hidden message of a `map` field counts depends on what is registered:
/// - `.proto` text: what is written `message` counts, nothing else. So `map<string, string> tags` does not, and
///   `message TagsEntry { option map_entry = true; … }`, which is how Java registers generated classes, does. `group` does
///   not (Java's reader does not count it).
/// - a base64 `FileDescriptorProto`, which Python, Go and .NET register: all nested types count.
///
/// The reader is lenient: what says nothing of names is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// `None` is empty.
    pub package: String,
    /// What the file imports, in order.
    pub imports: Vec<Import>,
    /// Whether it has enums outside of messages.
    pub(super) has_enums: bool,
    /// Messages that are not written and do not count above: protoc makes one of each `map` field.
    map_entries: Vec<String>,
    /// Whether the text has groups, whose messages do not count above.
    has_groups: bool,
    messages: Vec<Declared>,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The path, as it is written.
    pub path: String,
    /// `import public`.
    pub public: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Declared {
    full_name: String,
    indexes: Vec<u32>,
}

impl Outline {
    /// Reads a schema's text.
    ///
    /// # Errors
    /// [`ProtobufError::Syntax`] with the place; [`ProtobufError::Descriptor`] if it is no text, and no base64 either.
    pub fn read(text: &str) -> Result<Self, ProtobufError> {
        if descriptor::is_descriptor(text) { descriptor::read(text) } else { Reader::read(text) }
    }

    /// Reads a registered schema. A file that only passes on another one, by its only `import public`, has that one's
    /// messages, as in Java.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of(schema: &Schema) -> Result<Self, ProtobufError> {
        let mut schema = schema;
        let mut outline = Self::read(&schema.text)?;
        while let Some(passed_on) = outline.passes_on() {
            let reference = schema.references.iter().find(|reference| reference.name == passed_on);
            let Some(behind) = reference.and_then(|reference| reference.schema.as_deref()) else { break };
            schema = behind;
            outline = Self::read(&schema.text)?;
        }
        Ok(outline)
    }

    /// Where the message of this full name is, package and all.
    ///
    /// # Errors
    /// [`ProtobufError::UnknownMessage`], with the names that there are. (Java takes the first message then.)
    pub fn indexes(&self, full_name: &str) -> Result<MessageIndexes, ProtobufError> {
        match self.messages.iter().find(|declared| declared.full_name == full_name) {
            Some(declared) => Ok(MessageIndexes::new(&*declared.indexes)),
            None => {
                let known = self.names().map(str::to_owned).collect();
                Err(ProtobufError::UnknownMessage { name: full_name.to_owned(), known })
            }
        }
    }

    /// Where AWS Glue's serializers say that a message is: its place among all messages of the file, hidden ones included,
    /// sorted by full name.
    ///
    /// # Errors
    /// As [`indexes`](Self::indexes); [`ProtobufError::Groups`] where the text has groups.
    pub fn glue_index(&self, full_name: &str) -> Result<u32, ProtobufError> {
        self.indexes(full_name)?;
        if self.has_groups {
            return Err(ProtobufError::Groups);
        }
        let before = self.names().chain(self.map_entries.iter().map(|name| &**name)).filter(|name| *name < full_name);
        Ok(u32::try_from(before.count()).unwrap_or(u32::MAX))
    }

    /// The full names of all messages that count, outer before inner, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(|declared| &*declared.full_name)
    }

    pub(super) fn of_package(package: &str) -> Self {
        Self { package: package.to_owned(), ..Self::default() }
    }

    /// Adds a message; its full name comes back, the scope of what is nested in it.
    pub(super) fn declare(&mut self, scope: &str, name: &str, above: &[u32], index: u32) -> String {
        let full_name = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        self.messages.push(Declared { full_name: full_name.clone(), indexes: [above, &[index]].concat() });
        full_name
    }

    fn passes_on(&self) -> Option<&str> {
        let mut public = self.imports.iter().filter(|import| import.public);
        match (public.next(), public.next()) {
            (Some(import), None) if self.messages.is_empty() && !self.has_enums => Some(&import.path),
            _ => None,
        }
    }
}

/// protoc stops at 32 levels of messages, prost at 100.
const MAX_DEPTH: usize = 100;

/// Reads statements, and looks into those that declare names.
struct Reader<'a> {
    tokens: Tokens<'a>,
    outline: Outline,
    /// The blocks that are open, from the outside in.
    open: Vec<Block>,
    /// Messages outside of messages, until now.
    top: u32,
}

/// What is between braces.
enum Block {
    /// Of a message, with its full name, its indexes, and how many messages were nested in it until now.
    Message { full_name: String, indexes: Vec<u32>, nested: u32 },
    /// Of anything else: no message in it counts.
    Other,
}

impl<'a> Reader<'a> {
    fn read(text: &'a str) -> Result<Outline, ProtobufError> {
        let mut reader = Self { tokens: Tokens::new(text), outline: Outline::default(), open: Vec::new(), top: 0 };
        while let Some(token) = reader.tokens.next()? {
            match token {
                Token::Word("message") => reader.message()?,
                Token::Word("package") => reader.package()?,
                Token::Word("import") => reader.import()?,
                Token::Word("option") => reader.skip(Braces::AreValues)?,
                Token::Word("enum") => {
                    reader.outline.has_enums |= reader.open.is_empty();
                    reader.skip(Braces::OpenBlock)?;
                }
                Token::Word("map") => reader.map_field()?,
                Token::Word(first) => reader.skip_statement(Braces::OpenBlock, first == "group")?,
                Token::Sign('}') if reader.open.pop().is_some() => {}
                Token::Sign(';') => {}
                other => return Err(reader.tokens.error(format!("{} begins no declaration", show(other)))),
            }
        }
        match reader.open.last() {
            None => Ok(reader.outline),
            Some(Block::Message { full_name, .. }) => {
                Err(reader.tokens.error(format!("message {full_name} has no end")))
            }
            Some(Block::Other) => Err(reader.tokens.error("a block has no end")),
        }
    }

    /// `message NAME {`; or a field, whose type is called `message`.
    fn message(&mut self) -> Result<(), ProtobufError> {
        let Some(Token::Word(name)) = self.tokens.next()? else { return Err(self.tokens.error("expected a name")) };
        match self.tokens.next()? {
            Some(Token::Sign('{')) => self.declare(name),
            Some(Token::Sign('=')) => self.skip(Braces::OpenBlock),
            _ => Err(self.tokens.error(format!("expected {{ after message {name}"))),
        }
    }

    fn declare(&mut self, name: &str) -> Result<(), ProtobufError> {
        let block = match self.open.last_mut() {
            None => {
                let index = post_increment(&mut self.top);
                let full_name = self.outline.declare(&self.outline.package.clone(), name, &[], index);
                Block::Message { full_name, indexes: vec![index], nested: 0 }
            }
            Some(Block::Message { full_name, indexes, nested }) => {
                let index = post_increment(nested);
                let full_name = self.outline.declare(full_name, name, indexes, index);
                Block::Message { full_name, indexes: [&**indexes, &[index]].concat(), nested: 0 }
            }
            Some(Block::Other) => Block::Other,
        };
        self.push(block)
    }

    fn push(&mut self, block: Block) -> Result<(), ProtobufError> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.tokens.error(format!("more than {MAX_DEPTH} blocks in one another")));
        }
        self.open.push(block);
        Ok(())
    }

    /// `package a.b;`
    fn package(&mut self) -> Result<(), ProtobufError> {
        match self.tokens.next()? {
            Some(Token::Word(name)) if self.open.is_empty() => self.outline.package = name.to_owned(),
            _ if self.open.is_empty() => return Err(self.tokens.error("expected the package's name")),
            // A field, whose type is called `package`.
            _ => {}
        }
        self.skip(Braces::OpenBlock)
    }

    /// `import "a/b.proto";`, `import public "a/b.proto";`
    fn import(&mut self) -> Result<(), ProtobufError> {
        let mut token = self.tokens.next()?;
        let public = token == Some(Token::Word("public"));
        if matches!(token, Some(Token::Word("public" | "weak" | "option"))) {
            token = self.tokens.next()?;
        }
        match token {
            Some(Token::Text(path)) => self.outline.imports.push(Import { path: path.to_owned(), public }),
            _ if self.open.is_empty() => return Err(self.tokens.error("expected the import's path")),
            _ => {}
        }
        self.skip(Braces::OpenBlock)
    }

    /// `map<K, V> name = 1;`, or a field whose type is called `map`.
    fn map_field(&mut self) -> Result<(), ProtobufError> {
        if self.tokens.next()? == Some(Token::Sign('<'))
            && let Some(Block::Message { full_name, .. }) = self.open.last()
        {
            let mut token = self.tokens.next()?;
            while !matches!(token, Some(Token::Sign('>' | ';' | '}')) | None) {
                token = self.tokens.next()?;
            }
            match (token, self.tokens.next()?) {
                (Some(Token::Sign('>')), Some(Token::Word(field))) => {
                    self.outline.map_entries.push(format!("{full_name}.{}", map_entry(field)));
                }
                _ => return Err(self.tokens.error("expected the name of a map field")),
            }
        }
        self.skip(Braces::OpenBlock)
    }

    /// To the end of the statement: its semicolon, or the brace that opens its block.
    fn skip(&mut self, braces: Braces) -> Result<(), ProtobufError> {
        self.skip_statement(braces, false)
    }

    /// `is_group`: its first word was `group`.
    fn skip_statement(&mut self, braces: Braces, mut is_group: bool) -> Result<(), ProtobufError> {
        let mut depth = 0_usize;
        loop {
            match self.tokens.next()? {
                Some(Token::Sign(';')) if depth == 0 => return Ok(()),
                Some(Token::Sign('{')) if depth == 0 && braces == Braces::OpenBlock => {
                    self.outline.has_groups |= is_group;
                    return self.push(Block::Other);
                }
                Some(Token::Word("group")) if depth == 0 => is_group = true,
                Some(Token::Sign('(' | '[' | '{')) => depth += 1,
                Some(Token::Sign(')' | ']' | '}')) if depth > 0 => depth -= 1,
                Some(Token::Sign('}')) => return Err(self.tokens.error("expected ; before }")),
                Some(_) => {}
                None => return Err(self.tokens.error("expected ; before the end")),
            }
        }
    }
}

/// What an opening brace means in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Braces {
    /// `option (x) = { … };`
    AreValues,
    /// `enum Status {`; `optional group Line = 1 {`.
    OpenBlock,
}

/// The hidden message of a `map` field, by protoc's rule: `tags_by_id` is of `TagsByIdEntry`.
fn map_entry(field: &str) -> String {
    let mut name = String::new();
    let mut capital = true;
    for letter in field.chars() {
        if letter == '_' {
            capital = true;
        } else {
            name.push(if capital { letter.to_ascii_uppercase() } else { letter });
            capital = false;
        }
    }
    name + "Entry"
}

fn post_increment(counter: &mut u32) -> u32 {
    let now = *counter;
    *counter += 1;
    now
}

fn show(token: Token<'_>) -> String {
    match token {
        Token::Word(word) => format!("{word:?}"),
        Token::Text(text) => format!("the string {text:?}"),
        Token::Sign(sign) => format!("{sign:?}"),
    }
}
