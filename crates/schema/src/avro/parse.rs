//! From a schema's text, and the texts of what it refers to, to nodes.

use super::canonical;
use super::json_text::{self, Fault, Json, Value};
use super::logical::Logical;
use super::name::{self, Name};
use super::node::{Enum, Field, Fixed, Node, NodeId, Nodes, Record, Type};
use super::{AvroSchema, default};
use crate::schema::Schema;
use std::collections::{HashMap, HashSet};
use thiserror::Error;

/// References of references: more than anybody has, and an end where they run in a circle.
const REFERENCES_DEEP: usize = 32;

/// Why a schema's text is none, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}line {line}, column {column}{}: {reason}", of(.reference), at(.path))]
#[non_exhaustive]
pub struct ParseError {
    /// In which of the schemas that are referred to; `None`: in the schema itself.
    pub reference: Option<String>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Inside the schema: `User.email[1]` is the second branch of a union. Empty: at its top.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
    /// The full name of the type that is used there and defined nowhere, if it is that: a reference with its text is missing.
    pub unknown: Option<String>,
}

fn of(reference: &Option<String>) -> String {
    reference.as_ref().map_or_else(String::new, |name| format!("in the reference {name:?}: "))
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(", at {path}") }
}

pub(super) fn parse(schema: &Schema) -> Result<AvroSchema, ParseError> {
    let mut parser = Parser::new();
    let root = parser.with_references(schema, None, 0)?;
    let Parser { nodes, .. } = parser;
    let canonical = canonical::form(&nodes, root).map_err(|reason| top(&schema.text, None, reason))?;
    Ok(AvroSchema { nodes, root, canonical })
}

/// An error of the whole text.
fn top(text: &str, reference: Option<&str>, reason: impl Into<String>) -> ParseError {
    let (line, column) = json_text::place(text, 0);
    let reference = reference.map(str::to_owned);
    ParseError { reference, line, column, path: String::new(), reason: reason.into(), unknown: None }
}

struct Parser {
    nodes: Nodes,
    /// What has a name so far, its own node being filled perhaps.
    names: HashMap<String, NodeId>,
    /// Names of types whose definition has not ended.
    open: HashMap<NodeId, String>,
    /// Texts that are parsed: two schemas may refer to the same third.
    seen: HashSet<String>,
    /// Where we are. An error leaves it as it was.
    path: Vec<String>,
    /// A name that was used and is defined nowhere: parsing ends there.
    unknown: Option<String>,
    /// Defaults of this text, to be held against their types when all of those are known.
    defaults: Vec<Default>,
}

struct Default {
    node: NodeId,
    json: Json,
    path: Vec<String>,
}

impl Parser {
    fn new() -> Self {
        Self {
            nodes: Nodes::default(),
            names: HashMap::new(),
            open: HashMap::new(),
            seen: HashSet::new(),
            path: Vec::new(),
            unknown: None,
            defaults: Vec::new(),
        }
    }

    /// What a schema refers to first, so that its names are known.
    fn with_references(&mut self, schema: &Schema, name: Option<&str>, depth: usize) -> Result<NodeId, ParseError> {
        if depth > REFERENCES_DEEP {
            return Err(top(&schema.text, name, format!("references more than {REFERENCES_DEEP} deep")));
        }
        for reference in &schema.references {
            let Some(target) = &reference.schema else {
                let reason = format!("the text of the reference {:?} is not known", reference.name);
                return Err(top(&schema.text, name, reason));
            };
            if !self.seen.contains(&*target.text) {
                self.with_references(target, Some(&reference.name), depth + 1)?;
                self.seen.insert(target.text.to_string());
            }
        }
        self.text(&schema.text).map_err(|fault| self.error(fault, &schema.text, name))
    }

    fn text(&mut self, text: &str) -> Result<NodeId, Fault> {
        let json = json_text::read(text)?;
        let root = self.schema(&json, "")?;
        for Default { node, json, path } in std::mem::take(&mut self.defaults) {
            if let Err(fault) = default::check(&self.nodes, node, &json) {
                self.path = path;
                return Err(fault);
            }
        }
        Ok(root)
    }

    fn error(&self, fault: Fault, text: &str, reference: Option<&str>) -> ParseError {
        let (line, column) = json_text::place(text, fault.at);
        let reference = reference.map(str::to_owned);
        let unknown = self.unknown.clone();
        ParseError { reference, line, column, path: self.path.concat(), reason: fault.reason, unknown }
    }

    fn schema(&mut self, json: &Json, namespace: &str) -> Result<NodeId, Fault> {
        match &json.value {
            Value::String(name) => self.by_name(name, json, namespace),
            Value::Array(branches) => self.union(branches, json, namespace),
            Value::Object(_) => self.object(json, namespace),
            _ => Err(fault(json, format!("expected a type: a name, an object or a union, found {json}"))),
        }
    }

    fn by_name(&mut self, name: &str, json: &Json, namespace: &str) -> Result<NodeId, Fault> {
        if let Some(kind) = primitive(name) {
            return Ok(self.nodes.push(Node::plain(kind)));
        }
        let full = Name::new(name, namespace).map_err(|reason| fault(json, reason))?;
        // Java looks in no namespace too, for what was defined there.
        match self.names.get(full.full()).or_else(|| self.names.get(name)) {
            Some(id) => Ok(*id),
            None => {
                self.unknown = Some(full.full().to_owned());
                Err(fault(json, format!("unknown type {:?}: it must be defined before it is used", full.full())))
            }
        }
    }

    fn union(&mut self, branches: &[Json], json: &Json, namespace: &str) -> Result<NodeId, Fault> {
        let mut ids: Vec<NodeId> = Vec::new();
        let mut known = HashSet::new();
        for (index, branch) in branches.iter().enumerate() {
            self.path.push(format!("[{index}]"));
            let id = self.schema(branch, namespace)?;
            let node = self.nodes.get(id);
            if matches!(node.kind, Type::Union(_)) {
                return Err(fault(branch, "a union is no branch of a union"));
            }
            // A value could not be told to be one or the other.
            let name = self.branch_name(id);
            if !known.insert(name.to_owned()) {
                return Err(fault(branch, format!("the union has {name:?} twice")));
            }
            ids.push(id);
            self.path.pop();
        }
        if ids.is_empty() {
            return Err(fault(json, "a union needs a branch"));
        }
        Ok(self.nodes.push(Node::plain(Type::Union(ids))))
    }

    /// A type that is being defined is known by the name that was noted for it.
    fn branch_name(&self, id: NodeId) -> &str {
        match self.open.get(&id) {
            Some(name) => name,
            None => self.nodes.get(id).branch_name(),
        }
    }

    fn object(&mut self, json: &Json, namespace: &str) -> Result<NodeId, Fault> {
        let Some(kind) = json.get("type") else { return Err(fault(json, "an object without \"type\" is no schema")) };
        let Some(name) = kind.as_str() else { return self.schema(kind, namespace) };
        match name {
            "record" | "error" => self.record(json, namespace),
            "enum" => self.symbols(json, namespace),
            "fixed" => self.fixed(json, namespace),
            "array" => {
                let items = self.inside(json, "items", namespace)?;
                Ok(self.push(Type::Array(items), json))
            }
            "map" => {
                let values = self.inside(json, "values", namespace)?;
                Ok(self.push(Type::Map(values), json))
            }
            name => match primitive(name) {
                Some(kind) => Ok(self.push(kind, json)),
                None => self.by_name(name, kind, namespace),
            },
        }
    }

    fn push(&mut self, kind: Type, json: &Json) -> NodeId {
        let logical = Logical::of(&kind, json);
        self.nodes.push(Node { kind, logical })
    }

    fn inside(&mut self, json: &Json, member: &str, namespace: &str) -> Result<NodeId, Fault> {
        let inner = json.get(member).ok_or_else(|| fault(json, format!("{member:?} is missing")))?;
        self.path.push(format!(".{member}"));
        let id = self.schema(inner, namespace)?;
        self.path.pop();
        Ok(id)
    }

    fn record(&mut self, json: &Json, namespace: &str) -> Result<NodeId, Fault> {
        let name = self.name(json, namespace)?;
        let aliases = aliases(json, name.namespace())?;
        let id = self.define(&name, json)?;
        let list = json.get("fields").ok_or_else(|| fault(json, "\"fields\" is missing"))?;
        let Value::Array(list) = &list.value else { return Err(fault(list, "\"fields\" is not a list")) };
        let mut fields: Vec<Field> = Vec::new();
        let mut known = HashSet::new();
        for field in list {
            let field_at = field;
            let field = self.field(field, &name)?;
            if !known.insert(field.name.clone()) {
                return Err(fault(field_at, format!("the record has the field {:?} twice", field.name)));
            }
            fields.push(field);
        }
        self.close(id, Node::plain(Type::Record(Record { name, aliases, fields })));
        Ok(id)
    }

    fn field(&mut self, json: &Json, record: &Name) -> Result<Field, Fault> {
        let name = text(json, "name")?;
        name::check_simple(name).map_err(|reason| fault(json, reason))?;
        self.path.push(format!(".{name}"));
        let kind = json.get("type").ok_or_else(|| fault(json, "a field needs a \"type\""))?;
        let node = self.schema(kind, record.namespace())?;
        // Some write the logical type beside the type and not inside it. The specification, and everybody who reads, ignores
        // it there; so do we.
        let default = json.get("default").cloned();
        let has_default = default.is_some();
        if let Some(json) = default {
            self.defaults.push(Default { node, json, path: self.path.clone() });
        }
        self.path.pop();
        Ok(Field { name: name.to_owned(), aliases: strings(json, "aliases")?, node, has_default })
    }

    fn symbols(&mut self, json: &Json, namespace: &str) -> Result<NodeId, Fault> {
        let name = self.name(json, namespace)?;
        let aliases = aliases(json, name.namespace())?;
        let id = self.define(&name, json)?;
        if json.get("symbols").is_none() {
            return Err(fault(json, "\"symbols\" is missing"));
        }
        let symbols = strings(json, "symbols")?;
        let mut known = HashSet::new();
        for symbol in &symbols {
            name::check_simple(symbol).map_err(|reason| fault(json, reason))?;
            if !known.insert(symbol) {
                return Err(fault(json, format!("the enum has the symbol {symbol:?} twice")));
            }
        }
        let default = json.get("default").map(|default| enum_default(default, &symbols)).transpose()?;
        self.close(id, Node::plain(Type::Enum(Enum { name, aliases, symbols, default })));
        Ok(id)
    }

    fn fixed(&mut self, json: &Json, namespace: &str) -> Result<NodeId, Fault> {
        let name = self.name(json, namespace)?;
        let aliases = aliases(json, name.namespace())?;
        let id = self.define(&name, json)?;
        let size = json.get("size").ok_or_else(|| fault(json, "\"size\" is missing"))?;
        // Java's limit is that of an array.
        let bytes = size.as_i64().and_then(|size| u32::try_from(size).ok()).filter(|size| *size <= i32::MAX as u32);
        let bytes = bytes.ok_or_else(|| fault(size, format!("expected a number of bytes, found {size}")))?;
        let kind = Type::Fixed(Fixed { name, aliases, size: bytes as usize });
        let logical = Logical::of(&kind, json);
        self.close(id, Node { kind, logical });
        Ok(id)
    }

    /// The name of the type that is being defined, which the path goes through until it is done.
    fn name(&mut self, json: &Json, namespace: &str) -> Result<Name, Fault> {
        let name = text(json, "name")?;
        let namespace = match json.get("namespace") {
            Some(Json { value: Value::Null, .. }) | None => namespace,
            Some(own) => own.as_str().ok_or_else(|| fault(own, "\"namespace\" is not a string"))?,
        };
        let name = Name::new(name, namespace).map_err(|reason| fault(json, reason))?;
        let dot = if self.path.is_empty() { "" } else { ":" };
        self.path.push(format!("{dot}{}", name.simple()));
        Ok(name)
    }

    /// The definition has ended.
    fn close(&mut self, id: NodeId, node: Node) {
        self.path.pop();
        self.open.remove(&id);
        self.nodes.finish(id, node);
    }

    /// Keeps a place for a type, so that its own fields can refer to it.
    fn define(&mut self, name: &Name, json: &Json) -> Result<NodeId, Fault> {
        if primitive(name.full()).is_some() {
            return Err(fault(json, format!("{name} is the name of a primitive type")));
        }
        let id = self.nodes.push(Node::plain(Type::Null));
        self.open.insert(id, name.full().to_owned());
        match self.names.insert(name.full().to_owned(), id) {
            None => Ok(id),
            Some(_) => Err(fault(json, format!("{name} is defined twice"))),
        }
    }
}

fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "null" => Type::Null,
        "boolean" => Type::Boolean,
        "int" => Type::Int,
        "long" => Type::Long,
        "float" => Type::Float,
        "double" => Type::Double,
        "bytes" => Type::Bytes,
        "string" => Type::String,
        _ => return None,
    })
}

fn fault(json: &Json, reason: impl Into<String>) -> Fault {
    Fault { at: json.at, reason: reason.into() }
}

fn text<'j>(json: &'j Json, member: &str) -> Result<&'j str, Fault> {
    let value = json.get(member).ok_or_else(|| fault(json, format!("{member:?} is missing")))?;
    value.as_str().ok_or_else(|| fault(value, format!("{member:?} is not a string")))
}

/// A list of strings; none, if the member is not there.
fn strings(json: &Json, member: &str) -> Result<Vec<String>, Fault> {
    let Some(list) = json.get(member) else { return Ok(Vec::new()) };
    let Value::Array(list) = &list.value else { return Err(fault(list, format!("{member:?} is not a list"))) };
    let string = |json: &Json| match json.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(fault(json, format!("expected a string in {member:?}, found {json}"))),
    };
    list.iter().map(string).collect()
}

fn aliases(json: &Json, namespace: &str) -> Result<Vec<Name>, Fault> {
    let names = strings(json, "aliases")?;
    names.iter().map(|name| Name::new(name, namespace).map_err(|reason| fault(json, reason))).collect()
}

fn enum_default(json: &Json, symbols: &[String]) -> Result<String, Fault> {
    match json.as_str() {
        Some(default) if symbols.iter().any(|symbol| symbol == default) => Ok(default.to_owned()),
        _ => Err(fault(json, format!("the default {json} is none of the symbols"))),
    }
}
