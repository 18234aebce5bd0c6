//! The code that encodes a structure.

use super::model::{Api, DefaultValue, Field, Struct, Type};
use super::rust::{argument, condition, flexible, flexible_binding};
use super::spec::Range;
use std::fmt::Write;

/// `impl Encode for …`.
pub(super) fn implementation(api: &Api, each: &Struct) -> String {
    let mut body = String::new();
    for field in each.fields.iter().filter(|field| field.tag.is_none()) {
        body += &gated(api, field, each.versions);
    }
    body += &tagged(api, each);
    let check = match each.place {
        None => format!("encodable({:?}, VERSIONS, version)?;\n", each.name),
        Some(_) => String::new(),
    };
    let body = format!("{check}{}{body}", flexible_binding(api, &body));
    format!(
        "\nimpl Encode for {} {{\nfn encode(&self, {}: &mut Writer, {}: i16) -> Result<(), EncodeError> {{\n{body}Ok(())\n}}\n}}\n",
        each.name,
        argument("writer", &body),
        argument("version", &body),
    )
}

/// One field where its versions have it; elsewhere a value that may not be dropped is an error.
fn gated(api: &Api, field: &Field, within: Range) -> String {
    let value = nullable_or_not(api, field);
    match condition(field.versions, within) {
        None => value,
        Some(condition) if field.ignorable => format!("if {condition} {{\n{value}}}\n"),
        Some(condition) => {
            format!("if {condition} {{\n{value}}} else if {} {{\n{}}}\n", is_set(field), unsupported(field))
        }
    }
}

fn nullable_or_not(api: &Api, field: &Field) -> String {
    let flexible = flexible(api, field.versions);
    let path = format!("self.{}", field.rust_name);
    if !field.is_option() {
        return statement(&field.kind, &path, flexible);
    }
    let nullable = nullable_statement(&field.kind, &path, flexible);
    match condition(field.nullable, field.versions) {
        None => nullable,
        Some(condition) => {
            let name = &field.rust_name;
            let required = statement_of_reference(&field.kind, name, flexible);
            format!(
                "if {condition} {{\n{nullable}}} else {{\n\
                 let {name} = required({path}.as_deref(), {:?}, version)?;\n{required}}}\n",
                field.name
            )
        }
    }
}

/// Tagged fields close a structure of a flexible version. Those that hold their default are left out.
fn tagged(api: &Api, each: &Struct) -> String {
    let mut checks = String::new();
    let mut fields = String::new();
    let within = api.flexible.and(each.versions);
    for field in sorted_by_tag(each) {
        let set = is_set(field);
        if !field.ignorable && field.versions != each.versions {
            let missing = format!("version < {}", field.versions.min);
            let _ = write!(checks, "if {missing} && {set} {{\n{}}}\n", unsupported(field));
        }
        let condition =
            condition(field.versions, within).map_or_else(String::new, |condition| format!("{condition} && "));
        let tag = field.tag.unwrap_or_default();
        let closure = tagged_closure(field);
        let _ = write!(fields, "if {condition}{set} {{\ntagged.push(({tag}, tagged_field({closure})?));\n}}\n");
    }
    if !fields.is_empty() {
        fields = format!("let mut tagged = Vec::new();\n{fields}writer.tagged_fields(&tagged)?;\n");
    } else {
        fields = "writer.tagged_fields(&[])?;\n".to_owned();
    }
    match flexible(api, each.versions) {
        "true" => checks + &fields,
        "false" => checks,
        condition => format!("{checks}if {condition} {{\n{fields}}}\n"),
    }
}

fn sorted_by_tag(each: &Struct) -> Vec<&Field> {
    let mut fields: Vec<_> = each.fields.iter().filter(|field| field.tag.is_some()).collect();
    fields.sort_by_key(|field| field.tag);
    fields
}

fn tagged_closure(field: &Field) -> String {
    let path = format!("self.{}", field.rust_name);
    let statement = if field.is_option() {
        nullable_statement(&field.kind, &path, "true")
    } else {
        statement(&field.kind, &path, "true")
    };
    closure("writer", &statement)
}

/// A closure around a statement: the statement's own result when it has one.
fn closure(arguments: &str, statement: &str) -> String {
    match statement.strip_suffix("?;\n") {
        Some(expression) => format!("|{arguments}| {expression}"),
        None => format!("|{arguments}| {{ {statement} Ok(()) }}"),
    }
}

/// Writes what stands at `path`, which is of the field's own type.
fn statement(kind: &Type, path: &str, flexible: &str) -> String {
    match kind {
        Type::Bool => format!("writer.bool({path});\n"),
        Type::Number(name) => format!("writer.{name}({path});\n"),
        Type::ErrorCode | Type::ApiKey => format!("writer.i16({path}.0);\n"),
        Type::Uuid => format!("writer.uuid({path});\n"),
        Type::String | Type::Bytes | Type::Array(_) => statement_of_reference(kind, &format!("&{path}"), flexible),
        Type::Struct(_) => format!("{path}.encode(writer, version)?;\n"),
    }
}

/// Writes what `reference` refers to.
fn statement_of_reference(kind: &Type, reference: &str, flexible: &str) -> String {
    match kind {
        Type::String => format!("writer.string({reference}, {flexible})?;\n"),
        Type::Bytes => format!("writer.bytes({reference}, {flexible})?;\n"),
        Type::Array(element) => {
            format!("writer.array_of({reference}, {flexible}, {})?;\n", element_closure(element, flexible))
        }
        Type::Struct(_) => format!("{reference}.encode(writer, version)?;\n"),
        Type::ErrorCode | Type::ApiKey => statement(kind, reference, flexible),
        Type::Bool | Type::Number(_) | Type::Uuid => statement(kind, &format!("*{reference}"), flexible),
    }
}

fn nullable_statement(kind: &Type, path: &str, flexible: &str) -> String {
    match kind {
        Type::String => format!("writer.nullable_string({path}.as_deref(), {flexible})?;\n"),
        Type::Bytes => format!("writer.nullable_bytes({path}.as_deref(), {flexible})?;\n"),
        Type::Array(element) => {
            let closure = element_closure(element, flexible);
            format!("writer.nullable_array_of({path}.as_deref(), {flexible}, {closure})?;\n")
        }
        _ => unreachable!("the model lets no other type be null"),
    }
}

fn element_closure(element: &Type, flexible: &str) -> String {
    closure("writer, element", &statement_of_reference(element, "element", flexible))
}

/// The condition under which a field holds something else than its default.
fn is_set(field: &Field) -> String {
    let path = format!("self.{}", field.rust_name);
    match (&field.default, &field.kind, field.is_option()) {
        (DefaultValue::Null, ..) => format!("{path}.is_some()"),
        (DefaultValue::True, ..) => format!("!{path}"),
        (DefaultValue::Number(number), ..) => format!("{path} != {number}"),
        (DefaultValue::Zero, _, true) => format!("{path}.as_ref().is_none_or(|value| !value.is_empty())"),
        (DefaultValue::Zero, Type::Bool, _) => path,
        (DefaultValue::Zero, Type::Number(_), _) => format!("{path} != 0"),
        (DefaultValue::Zero, Type::ErrorCode, _) => format!("{path} != ErrorCode::NONE"),
        (DefaultValue::Zero, Type::ApiKey, _) => format!("{path}.0 != 0"),
        (DefaultValue::Zero, Type::Uuid, _) => format!("!{path}.is_zero()"),
        (DefaultValue::Zero, Type::String | Type::Bytes | Type::Array(_), _) => format!("!{path}.is_empty()"),
        (DefaultValue::Zero, Type::Struct(name), _) => format!("{path} != {name}::default()"),
    }
}

fn unsupported(field: &Field) -> String {
    format!("return Err(EncodeError::Unsupported {{ field: {:?}, version }});\n", field.name)
}
