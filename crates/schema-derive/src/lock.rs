//! The schema that a lock file has for a subject, as a constant to hold the type against.

use crate::attributes::Container;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use syn::{Error, LitStr};

/// An assertion about `whole`, if the type names a lock file.
pub(crate) fn assertion(container: &Container, whole: &TokenStream) -> Result<TokenStream, Error> {
    let (Some(lock), Some(subject)) = (&container.lock, &container.subject) else { return Ok(TokenStream::new()) };
    let version = container.version.as_ref().map(syn::LitInt::base10_parse::<u64>).transpose()?;
    let path = path(lock);
    let locked = locked(&path, &subject.value(), version).map_err(|reason| Error::new(subject.span(), reason))?;
    // The compiler looks at the file again when it has changed.
    let path = path.display().to_string();
    Ok(quote! {
        const _: &[u8] = ::core::include_bytes!(#path);
        const _: () = __avro::assert_locked(&WHOLE, &#locked, #subject);
        const _: fn(&#whole) = |_| ();
    })
}

/// Relative to the package, as it stands beside its Cargo.toml.
fn path(lock: &LitStr) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    package.join(lock.value())
}

fn locked(path: &Path, subject: &str, version: Option<u64>) -> Result<TokenStream, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let entries = file.as_array().map_or(&[][..], Vec::as_slice);
    let of = |entry: &&Value| {
        entry["subject"] == subject && version.is_none_or(|version| entry["version"].as_u64() == Some(version))
    };
    let entry = entries.iter().filter(of).max_by_key(|entry| entry["version"].as_u64());
    let entry = entry.ok_or_else(|| format!("{} has no such schema of {subject:?}", path.display()))?;
    if entry["schemaType"].as_str().is_some_and(|kind| kind != "AVRO") {
        return Err(format!("the locked schema of {subject:?} is {}, not AVRO", entry["schemaType"]));
    }
    let mut names = Names { defined: HashMap::new(), open: Vec::new() };
    names.references(entry, entries, 0)?;
    names.shape(&schema(entry)?, "")
}

fn schema(entry: &Value) -> Result<Value, String> {
    let text = entry["schema"].as_str().ok_or("the locked schema has no text")?;
    serde_json::from_str(text).map_err(|error| format!("the locked schema is no JSON: {error}"))
}

/// References of references: more than anybody has.
const REFERENCES_DEEP: usize = 32;

struct Names {
    /// By full name, with the namespace that it stands in.
    defined: HashMap<String, (Value, String)>,
    /// What is being described.
    open: Vec<String>,
}

impl Names {
    /// Notes the types of the schemas that an entry refers to.
    fn references(&mut self, entry: &Value, entries: &[Value], depth: usize) -> Result<(), String> {
        if depth > REFERENCES_DEEP {
            return Err(format!("references more than {REFERENCES_DEEP} deep"));
        }
        for reference in entry["references"].as_array().into_iter().flatten() {
            let target = entries
                .iter()
                .find(|other| other["subject"] == reference["subject"] && other["version"] == reference["version"]);
            let target = target.ok_or_else(|| format!("the lock file lacks the reference {}", reference["name"]))?;
            self.references(target, entries, depth + 1)?;
            self.note(&schema(target)?, "");
        }
        Ok(())
    }

    fn note(&mut self, json: &Value, namespace: &str) {
        match json {
            Value::Array(branches) => branches.iter().for_each(|branch| self.note(branch, namespace)),
            Value::Object(_) => {
                let mut inner = namespace.to_owned();
                if let Some(name) = json["name"].as_str().filter(|_| json["type"].is_string()) {
                    let full = full(name, json["namespace"].as_str().unwrap_or(namespace));
                    inner = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
                    self.defined.insert(full, (json.clone(), namespace.to_owned()));
                }
                for member in ["type", "items", "values"] {
                    if json[member].is_object() || json[member].is_array() {
                        self.note(&json[member], &inner);
                    }
                }
                json["fields"].as_array().into_iter().flatten().for_each(|field| self.note(&field["type"], &inner));
            }
            _ => {}
        }
    }

    fn shape(&mut self, json: &Value, namespace: &str) -> Result<TokenStream, String> {
        match json {
            Value::String(name) => self.by_name(name, namespace),
            Value::Array(branches) => {
                let shapes =
                    branches.iter().map(|branch| self.shape(branch, namespace)).collect::<Result<Vec<_>, _>>()?;
                Ok(quote!(__avro::Shape::Union(&[#(#shapes),*])))
            }
            Value::Object(_) => self.object(json, namespace),
            _ => Err("the locked schema is no Avro schema".to_owned()),
        }
    }

    fn by_name(&mut self, name: &str, namespace: &str) -> Result<TokenStream, String> {
        if let Some(primitive) = primitive(name) {
            return Ok(primitive);
        }
        let full = full(name, namespace);
        if self.open.contains(&full) {
            let simple = full.rsplit('.').next().unwrap_or("");
            let name = type_name(simple);
            return Ok(quote!(__avro::Shape::Named(#name)));
        }
        match self.defined.get(&full).cloned() {
            Some((json, namespace)) => self.object(&json, &namespace),
            None => Err(format!("the locked schema refers to {full:?}, which is not in the lock file")),
        }
    }

    fn object(&mut self, json: &Value, namespace: &str) -> Result<TokenStream, String> {
        let Some(kind) = json["type"].as_str() else { return self.shape(&json["type"], namespace) };
        match kind {
            "array" => {
                let items = self.shape(&json["items"], namespace)?;
                Ok(quote!(__avro::Shape::Array(&#items)))
            }
            "map" => {
                let values = self.shape(&json["values"], namespace)?;
                Ok(quote!(__avro::Shape::Map(&#values)))
            }
            "record" | "error" | "enum" | "fixed" => self.named(json, kind, namespace),
            kind => {
                let on = self.by_name(kind, namespace)?;
                Ok(match logical(json, kind) {
                    Some(logical) => quote!(__avro::Shape::Logical(#logical, &#on)),
                    None => on,
                })
            }
        }
    }

    fn named(&mut self, json: &Value, kind: &str, namespace: &str) -> Result<TokenStream, String> {
        let name = json["name"].as_str().ok_or("a type of the locked schema has no name")?;
        let full = full(name, json["namespace"].as_str().unwrap_or(namespace));
        let (inner, simple) = full.rsplit_once('.').unwrap_or(("", &full));
        self.defined.insert(full.clone(), (json.clone(), namespace.to_owned()));
        let name = type_name(simple);
        match kind {
            "enum" => {
                let symbols = json["symbols"].as_array().into_iter().flatten().filter_map(Value::as_str);
                Ok(quote!(__avro::Shape::Enum {
                    name: #name, doc: ::core::option::Option::None, symbols: &[#(#symbols),*]
                }))
            }
            "fixed" => {
                let size = json["size"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
                Ok(quote!(__avro::Shape::Fixed {
                    name: #name, size: #size, logical: ::core::option::Option::None
                }))
            }
            _ => {
                self.open.push(full.clone());
                let mut fields = Vec::new();
                for field in json["fields"].as_array().into_iter().flatten() {
                    let name = field["name"].as_str().ok_or("a field of the locked schema has no name")?;
                    let shape = self.shape(&field["type"], inner)?;
                    fields.push(quote!(__avro::FieldShape {
                        name: #name, shape: #shape,
                        doc: ::core::option::Option::None, default: ::core::option::Option::None
                    }));
                }
                self.open.pop();
                Ok(quote!(__avro::Shape::Record {
                    name: #name, doc: ::core::option::Option::None, fields: &[#(#fields),*]
                }))
            }
        }
    }
}

/// A logical type that is valid where it stands, as far as a comparison needs.
fn logical(json: &Value, on: &str) -> Option<TokenStream> {
    let name = json["logicalType"].as_str()?;
    let number = |member: &str| json[member].as_u64().and_then(|number| u32::try_from(number).ok());
    let (precision, scale) = match (name, on) {
        ("decimal", "bytes") => (number("precision")?, number("scale").unwrap_or(0)),
        ("uuid", "string") | ("date" | "time-millis", "int") => (0, 0),
        (name, "long") if name == "time-micros" || name.contains("timestamp-") => (0, 0),
        _ => return None,
    };
    Some(quote!(__avro::LogicalShape { name: #name, precision: #precision, scale: #scale }))
}

fn type_name(simple: &str) -> TokenStream {
    quote!(__avro::TypeName { simple: #simple, namespace: ::core::option::Option::None })
}

fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn primitive(name: &str) -> Option<TokenStream> {
    let variant = match name {
        "null" => "Null",
        "boolean" => "Boolean",
        "int" => "Int",
        "long" => "Long",
        "float" => "Float",
        "double" => "Double",
        "bytes" => "Bytes",
        "string" => "String",
        _ => return None,
    };
    let variant = syn::Ident::new(variant, Span::call_site());
    Some(quote!(__avro::Shape::#variant))
}
