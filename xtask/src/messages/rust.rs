//! An API's module as Rust source: structures, defaults, and what encodes and decodes them.

use super::model::{Api, DefaultValue, Field, Struct, Type};
use super::spec::Range;
use super::{decode, encode};
use std::fmt::Write;

/// The source of the API's module, not yet formatted.
pub(super) fn module(api: &Api, kafka_version: &str) -> String {
    let mut body = String::new();
    for (direction, structs) in ["request", "response"].iter().zip(&api.messages) {
        for (at, each) in structs.iter().enumerate() {
            let doc = match &each.place {
                Some(place) => format!("What [`{place}`] holds."),
                None => format!("The {direction} of {} ({}).", api.name, api.key),
            };
            body += &structure(each, &doc);
            if at == 0 && *direction == "request" {
                body += &request(api);
            }
            body += &encode::implementation(api, each);
            body += &decode::implementation(api, each);
        }
    }
    let flexible =
        if api.flexible.is_empty() { String::new() } else { format!(", flexible from {} on", api.flexible.min) };
    format!(
        "//! {name} ({key}), versions {min} to {max}{flexible}. Made from the message specifications of Kafka {kafka_version} by\n\
         //! `cargo xtask messages`: change that, not this.\n\n{imports}\n\n\
         const VERSIONS: Versions = Versions::new({min}, {max});\n{body}",
        name = api.name,
        key = api.key,
        min = api.versions.min,
        max = api.versions.max,
        imports = imports(&body),
    )
}

/// Only what the body uses.
fn imports(body: &str) -> String {
    let used = |names: &[&'static str]| -> Vec<&str> {
        names.iter().copied().filter(|name| body.contains(&format!("{name}("))).collect()
    };
    let mut text = format!(
        "use super::{{Request, {}}};\n",
        used(&["decodable", "encodable", "required", "tagged_field"]).join(", ")
    );
    text += "use crate::buf::{DecodeError, EncodeError, Reader, Writer";
    text += if uses(body, "Uuid") { ", Uuid};\n" } else { "};\n" };
    if uses(body, "ErrorCode") {
        text += "use crate::error_code::ErrorCode;\n";
    }
    text += "use crate::version::{ApiKey, Versions};\nuse crate::{Decode, Encode};\n";
    if uses(body, "Bytes") {
        text += "use bytes::Bytes;\n";
    }
    if uses(body, "fmt") {
        text += "use std::fmt;\n";
    }
    text
}

fn structure(each: &Struct, doc: &str) -> String {
    let mut derive = vec!["Clone", "PartialEq", "Eq"];
    let plain = each.fields.iter().all(default_is_plain);
    if plain {
        derive.insert(1, "Default");
    }
    let secret = each.fields.iter().any(is_secret);
    if !secret {
        derive.insert(0, "Debug");
    }
    let mut text = format!("\n/// {doc}\n#[derive({})]\npub struct {} {{\n", derive.join(", "), each.name);
    for field in &each.fields {
        let _ =
            write!(text, "/// {}\npub {}: {},\n", field_doc(field, each.versions), field.rust_name, rust_type(field));
    }
    text += "}\n";
    if !plain {
        text += &default(each);
    }
    if secret {
        text += &debug(each);
    }
    text
}

fn default(each: &Struct) -> String {
    let mut text = format!("\nimpl Default for {} {{ fn default() -> Self {{ Self {{\n", each.name);
    for field in &each.fields {
        let _ = writeln!(text, "{}: {},", field.rust_name, default_value(field));
    }
    text + "} } }\n"
}

/// Whether logs must never hold it: passwords and tokens on their way to SASL.
fn is_secret(field: &Field) -> bool {
    field.name == "AuthBytes"
}

/// As the derived one, with the length in place of a secret.
fn debug(each: &Struct) -> String {
    let mut text = format!(
        "\nimpl fmt::Debug for {name} {{ fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n\
         f.debug_struct({name:?})\n",
        name = each.name
    );
    for field in &each.fields {
        let name = &field.rust_name;
        let _ = match is_secret(field) {
            true => writeln!(text, ".field({name:?}, &format_args!(\"<{{}} bytes>\", self.{name}.len()))"),
            false => writeln!(text, ".field({name:?}, &self.{name})"),
        };
    }
    text + ".finish()\n} }\n"
}

/// What Kafka calls it, and what is special about it. Kafka's prose stays with Kafka.
fn field_doc(field: &Field, within: Range) -> String {
    let mut doc = format!("`{}`", field.name);
    if let Some(versions) = in_words(field.versions, within) {
        let _ = write!(doc, ", {versions}");
    }
    if field.is_option() {
        doc += ", may be null";
        if let Some(versions) = in_words(field.nullable, field.versions) {
            let _ = write!(doc, " {versions}");
        }
    }
    match &field.default {
        DefaultValue::Zero if field.is_option() => doc += ", empty unless set",
        DefaultValue::Zero | DefaultValue::Null => {}
        DefaultValue::True => doc += ", true unless set",
        DefaultValue::Number(number) => {
            let _ = write!(doc, ", {number} unless set");
        }
    }
    if field.ignorable && field.versions != within {
        doc += "; left out where it has no place";
    }
    if is_secret(field) {
        doc += "; only its length is in debug output, for it may hold a password";
    }
    doc + "."
}

fn in_words(versions: Range, within: Range) -> Option<String> {
    let text = match (versions.min <= within.min, versions.max >= within.max) {
        (true, true) => return None,
        (false, true) => format!("from version {} on", versions.min),
        (true, false) => format!("up to version {}", versions.max),
        (false, false) => format!("in versions {} to {}", versions.min, versions.max),
    };
    Some(text)
}

fn request(api: &Api) -> String {
    let flexible = if api.flexible.is_empty() { "None".to_owned() } else { format!("Some({})", api.flexible.min) };
    format!(
        "\nimpl Request for {name}Request {{\n type Response = {name}Response;\n\
         const KEY: ApiKey = ApiKey::{constant};\nconst VERSIONS: Versions = VERSIONS;\n\
         const FLEXIBLE_FROM: Option<i16> = {flexible};\n}}\n",
        name = api.name,
        constant = api.module().to_uppercase(),
    )
}

fn rust_type(field: &Field) -> String {
    let inner = inner_type(&field.kind);
    if field.is_option() { format!("Option<{inner}>") } else { inner }
}

fn inner_type(kind: &Type) -> String {
    match kind {
        Type::Bool => "bool".to_owned(),
        Type::Number(name) => (*name).to_owned(),
        Type::ErrorCode => "ErrorCode".to_owned(),
        Type::ApiKey => "ApiKey".to_owned(),
        Type::Uuid => "Uuid".to_owned(),
        Type::String => "String".to_owned(),
        Type::Bytes => "Bytes".to_owned(),
        Type::Struct(name) => name.clone(),
        Type::Array(element) => format!("Vec<{}>", inner_type(element)),
    }
}

fn default_is_plain(field: &Field) -> bool {
    match field.default {
        DefaultValue::Zero => !field.is_option(),
        DefaultValue::Null => true,
        DefaultValue::True | DefaultValue::Number(_) => false,
    }
}

/// The expression of what a field holds when nothing is said.
pub(super) fn default_value(field: &Field) -> String {
    let zero = match (&field.default, &field.kind) {
        (DefaultValue::Null, _) => return "None".to_owned(),
        (DefaultValue::True, _) => return "true".to_owned(),
        (DefaultValue::Number(number), _) => return number.clone(),
        (DefaultValue::Zero, Type::Bool) => "false",
        (DefaultValue::Zero, Type::Number(_)) => "0",
        (DefaultValue::Zero, Type::ErrorCode) => "ErrorCode::NONE",
        (DefaultValue::Zero, Type::ApiKey) => "ApiKey(0)",
        (DefaultValue::Zero, Type::Uuid) => "Uuid::ZERO",
        (DefaultValue::Zero, Type::String) => "String::new()",
        (DefaultValue::Zero, Type::Bytes) => "Bytes::new()",
        (DefaultValue::Zero, Type::Array(_)) => "Vec::new()",
        (DefaultValue::Zero, Type::Struct(name)) => return format!("{name}::default()"),
    };
    if field.is_option() { format!("Some({zero})") } else { zero.to_owned() }
}

/// The condition under which `versions` holds, where `within` is already known; `None` when it always does.
pub(super) fn condition(versions: Range, within: Range) -> Option<String> {
    let text = match (versions.min <= within.min, versions.max >= within.max) {
        (true, true) => return None,
        (false, true) => format!("version >= {}", versions.min),
        (true, false) => format!("version <= {}", versions.max),
        (false, false) => format!("({}..={}).contains(&version)", versions.min, versions.max),
    };
    Some(text)
}

/// How the code says whether a field that is there in `versions` is written in the flexible form.
pub(super) fn flexible(api: &Api, versions: Range) -> &'static str {
    if api.flexible.covers(versions) {
        "true"
    } else if api.flexible.and(versions).is_empty() {
        "false"
    } else {
        "flexible"
    }
}

/// `let flexible = …`, when `body` asks for it.
pub(super) fn flexible_binding(api: &Api, body: &str) -> String {
    if uses(body, "flexible") { format!("let flexible = version >= {};\n", api.flexible.min) } else { String::new() }
}

/// The name of an argument, with the underscore that Rust wants when `body` does not use it.
pub(super) fn argument(name: &str, body: &str) -> String {
    if uses(body, name) { name.to_owned() } else { format!("_{name}") }
}

/// Whether `name` stands in `body` as a word of its own.
fn uses(body: &str, name: &str) -> bool {
    body.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| word == name)
}
