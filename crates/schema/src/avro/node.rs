//! A parsed schema: nodes in one list, which refer to each other by index, so that a recursive schema is no special case.

use super::logical::Logical;
use super::name::Name;

/// Which node. Only the parser makes them, each for a node that it has put into the list, or puts there before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(pub(super) usize);

/// All types of a schema and of what it refers to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nodes {
    list: Vec<Node>,
}

/// One type.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Type,
    /// Only where it is valid on this type: the specification says to ignore it otherwise.
    pub(crate) logical: Option<Logical>,
}

#[derive(Debug, Clone)]
pub(crate) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    Record(Record),
    Enum(Enum),
    Fixed(Fixed),
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) name: Name,
    /// Full names.
    pub(crate) aliases: Vec<Name>,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) node: NodeId,
    pub(crate) has_default: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Enum {
    pub(crate) name: Name,
    pub(crate) aliases: Vec<Name>,
    pub(crate) symbols: Vec<String>,
    /// What a reader takes for symbols that it does not know.
    pub(crate) default: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    pub(crate) name: Name,
    pub(crate) aliases: Vec<Name>,
    /// Bytes.
    pub(crate) size: usize,
}

impl Nodes {
    pub(super) fn push(&mut self, node: Node) -> NodeId {
        self.list.push(node);
        NodeId(self.list.len() - 1)
    }

    /// Puts the finished node into the place that was kept for it.
    pub(super) fn finish(&mut self, id: NodeId, node: Node) {
        if let Some(place) = self.list.get_mut(id.0) {
            *place = node;
        }
    }

    #[expect(clippy::indexing_slicing, reason = "an id is only made for a node that is in the list")]
    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.list[id.0]
    }
}

impl Node {
    pub(super) fn plain(kind: Type) -> Self {
        Self { kind, logical: None }
    }

    /// The name that the schema gives it.
    pub(crate) fn name(&self) -> Option<&Name> {
        match &self.kind {
            Type::Record(record) => Some(&record.name),
            Type::Enum(symbols) => Some(&symbols.name),
            Type::Fixed(fixed) => Some(&fixed.name),
            _ => None,
        }
    }

    /// What Avro calls its type.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.kind {
            Type::Null => "null",
            Type::Boolean => "boolean",
            Type::Int => "int",
            Type::Long => "long",
            Type::Float => "float",
            Type::Double => "double",
            Type::Bytes => "bytes",
            Type::String => "string",
            Type::Array(_) => "array",
            Type::Map(_) => "map",
            Type::Union(_) => "union",
            Type::Record(_) => "record",
            Type::Enum(_) => "enum",
            Type::Fixed(_) => "fixed",
        }
    }

    /// How a union names it as a branch: its full name, or that of its type.
    pub(crate) fn branch_name(&self) -> &str {
        self.name().map_or_else(|| self.kind_name(), Name::full)
    }
}
