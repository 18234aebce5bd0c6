//! The code that decodes a structure.

use super::model::{Api, Field, Struct, Type};
use super::rust::{argument, condition, default_value, flexible, flexible_binding};
use super::spec::Range;
use std::fmt::Write;

/// `impl Decode for …`.
pub(super) fn implementation(api: &Api, each: &Struct) -> String {
    let has_tags = each.fields.iter().any(|field| field.tag.is_some());
    let mut literal = String::from("Self {\n");
    for field in each.fields.iter().filter(|field| field.tag.is_none()) {
        let _ = writeln!(literal, "{}: {},", field.rust_name, gated(api, field, each.versions));
    }
    for field in each.fields.iter().filter(|field| field.tag.is_some()) {
        let _ = writeln!(literal, "{}: {},", field.rust_name, default_value(field));
    }
    literal += "}";
    let tags = tagged(api, each);
    let mut body = match (tags.is_empty(), has_tags) {
        (true, _) => format!("Ok({literal})\n"),
        (false, true) => format!("let mut message = {literal};\n{tags}Ok(message)\n"),
        (false, false) => format!("let message = {literal};\n{tags}Ok(message)\n"),
    };
    if each.place.is_none() {
        body = format!("decodable(VERSIONS, version)?;\n{}{body}", flexible_binding(api, &body));
    } else {
        body = flexible_binding(api, &body) + &body;
    }
    format!(
        "\nimpl Decode for {} {{\nfn decode({}: &mut Reader<'_>, {}: i16) -> Result<Self, DecodeError> {{\n{body}}}\n}}\n",
        each.name,
        argument("reader", &body),
        argument("version", &body),
    )
}

fn gated(api: &Api, field: &Field, within: Range) -> String {
    let value = nullable_or_not(api, field);
    match condition(field.versions, within) {
        None => value,
        Some(condition) => format!("if {condition} {{ {value} }} else {{ {} }}", default_value(field)),
    }
}

fn nullable_or_not(api: &Api, field: &Field) -> String {
    let flexible = flexible(api, field.versions);
    let value = value(&field.kind, flexible);
    if !field.is_option() {
        return value;
    }
    let nullable = nullable_value(&field.kind, flexible);
    match condition(field.nullable, field.versions) {
        None => nullable,
        Some(condition) => format!("if {condition} {{ {nullable} }} else {{ Some({value}) }}"),
    }
}

fn tagged(api: &Api, each: &Struct) -> String {
    let within = api.flexible.and(each.versions);
    let mut arms = String::new();
    for field in &each.fields {
        let Some(tag) = field.tag else { continue };
        let guard = condition(field.versions, within).map_or_else(String::new, |condition| format!(" if {condition}"));
        let value = if field.is_option() { nullable_value(&field.kind, "true") } else { value(&field.kind, "true") };
        let _ = writeln!(arms, "{tag}{guard} => message.{} = {value},", field.rust_name);
    }
    let statement = if arms.is_empty() {
        "reader.skip_tagged_fields()?;\n".to_owned()
    } else {
        format!(
            "reader.tagged_fields(|tag, reader| {{\nmatch tag {{\n{arms}_ => return Ok(false),\n}}\nOk(true)\n}})?;\n"
        )
    };
    match flexible(api, each.versions) {
        "true" => statement,
        "false" => String::new(),
        condition => format!("if {condition} {{\n{statement}}}\n"),
    }
}

/// An expression of the type, which returns early when the bytes are wrong.
fn value(kind: &Type, flexible: &str) -> String {
    match kind {
        Type::ErrorCode => "ErrorCode(reader.i16()?)".to_owned(),
        Type::ApiKey => "ApiKey(reader.i16()?)".to_owned(),
        Type::String => format!("reader.string({flexible})?.to_owned()"),
        Type::Bytes => format!("Bytes::copy_from_slice(reader.bytes({flexible})?)"),
        _ => format!("{}?", result(kind, flexible)),
    }
}

/// An expression of an `Option` of the type.
fn nullable_value(kind: &Type, flexible: &str) -> String {
    match kind {
        Type::String => format!("reader.nullable_string({flexible})?.map(str::to_owned)"),
        Type::Bytes => format!("reader.nullable_bytes({flexible})?.map(Bytes::copy_from_slice)"),
        Type::Array(element) => {
            format!("reader.nullable_array_of({flexible}, |reader| {})?", result(element, flexible))
        }
        _ => unreachable!("the model lets no other type be null"),
    }
}

/// An expression of a `Result` of the type, as closures give it.
fn result(kind: &Type, flexible: &str) -> String {
    match kind {
        Type::Bool => "reader.bool()".to_owned(),
        Type::Number(name) => format!("reader.{name}()"),
        Type::ErrorCode => "reader.i16().map(ErrorCode)".to_owned(),
        Type::ApiKey => "reader.i16().map(ApiKey)".to_owned(),
        Type::Uuid => "reader.uuid()".to_owned(),
        Type::String => format!("reader.string({flexible}).map(str::to_owned)"),
        Type::Bytes => format!("reader.bytes({flexible}).map(Bytes::copy_from_slice)"),
        Type::Struct(name) => format!("{name}::decode(reader, version)"),
        Type::Array(element) => format!("reader.array_of({flexible}, |reader| {})", result(element, flexible)),
    }
}
