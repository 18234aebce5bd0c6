//! A base64 `FileDescriptorProto`, as Python, Go and .NET register it: the few fields that an outline needs.

use super::error::ProtobufError;
use super::outline::{Import, Outline};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;

/// `google.protobuf.FileDescriptorProto`; the rest is skipped.
#[derive(Clone, PartialEq, Message)]
struct FileDescriptor {
    #[prost(string, tag = "2")]
    package: String,
    #[prost(string, repeated, tag = "3")]
    dependency: Vec<String>,
    #[prost(message, repeated, tag = "4")]
    message_type: Vec<MessageDescriptor>,
    #[prost(message, repeated, tag = "5")]
    enum_type: Vec<EnumDescriptor>,
    #[prost(int32, repeated, tag = "10")]
    public_dependency: Vec<i32>,
}

/// `google.protobuf.DescriptorProto`.
#[derive(Clone, PartialEq, Message)]
struct MessageDescriptor {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    nested_type: Vec<Self>,
}

/// `google.protobuf.EnumDescriptorProto`: only that it is there.
#[derive(Clone, PartialEq, Message)]
struct EnumDescriptor {}

/// Whether a schema's text is one: a file that declares anything has one of these signs; base64 has neither.
pub(super) fn is_descriptor(text: &str) -> bool {
    !text.contains([';', '{']) && !text.trim().is_empty()
}

/// Reads one. All nested types count, those of map fields too.
pub(super) fn read(base64: &str) -> Result<Outline, ProtobufError> {
    let fail = |error: String| ProtobufError::Descriptor(error);
    let bytes = BASE64_STANDARD.decode(base64.trim()).map_err(|error| fail(error.to_string()))?;
    let file = FileDescriptor::decode(&*bytes).map_err(|error| fail(error.to_string()))?;
    let mut outline = Outline::of_package(&file.package);
    outline.imports = imports(&file);
    outline.has_enums = !file.enum_type.is_empty();
    list(&file.message_type, &file.package, &[], &mut outline);
    Ok(outline)
}

fn imports(file: &FileDescriptor) -> Vec<Import> {
    let is_public = |at: usize| file.public_dependency.iter().any(|&index| usize::try_from(index) == Ok(at));
    let imports = file.dependency.iter().enumerate();
    imports.map(|(at, path)| Import { path: path.clone(), public: is_public(at) }).collect()
}

/// As deep as prost reads: 100 levels.
fn list(messages: &[MessageDescriptor], scope: &str, above: &[u32], outline: &mut Outline) {
    for (index, message) in (0..).zip(messages) {
        let name = outline.declare(scope, &message.name, above, index);
        list(&message.nested_type, &name, &[above, &[index]].concat(), outline);
    }
}
