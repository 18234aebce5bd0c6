//! `#[avro(…)]`, on types, fields and variants.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, DeriveInput, Error, Ident, LitInt, LitStr, Path, Type, TypeArray, meta::ParseNestedMeta};

/// What a type says.
#[derive(Default)]
pub(crate) struct Container {
    namespace: Option<LitStr>,
    name: Option<LitStr>,
    doc: Option<LitStr>,
    rename_all: Option<LitStr>,
    pub(crate) lock: Option<LitStr>,
    pub(crate) subject: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) inner: bool,
}

impl Container {
    pub(crate) fn of(input: &DeriveInput) -> Result<Self, Error> {
        let mut container = Self::default();
        each(&input.attrs, |meta| {
            match key(&meta).as_str() {
                "namespace" => container.namespace = Some(name(&meta, true)?),
                "name" => container.name = Some(name(&meta, false)?),
                "doc" => container.doc = Some(meta.value()?.parse()?),
                "rename_all" => container.rename_all = Some(meta.value()?.parse()?),
                "lock" => container.lock = Some(meta.value()?.parse()?),
                "subject" => container.subject = Some(meta.value()?.parse()?),
                "version" => container.version = Some(meta.value()?.parse()?),
                "inner" => container.inner = true,
                _ => {
                    return Err(
                        meta.error("expected namespace, name, doc, rename_all, lock, subject, version or inner")
                    );
                }
            }
            Ok(())
        })?;
        match (&container.lock, &container.subject) {
            (Some(lock), None) => Err(Error::new(lock.span(), "lock needs subject = \"…\"")),
            (None, Some(subject)) => Err(Error::new(subject.span(), "subject needs lock = \"schemas.lock\"")),
            _ => Ok(container),
        }
    }

    /// The type's simple name in Avro.
    pub(crate) fn name(&self, ident: &Ident) -> String {
        self.name.as_ref().map_or_else(|| plain(ident), LitStr::value)
    }

    pub(crate) fn type_name(&self, ident: &Ident) -> TokenStream {
        let (simple, namespace) = (self.name(ident), optional(self.namespace.as_ref().map(LitStr::value)));
        quote!(__avro::TypeName { simple: #simple, namespace: #namespace })
    }

    pub(crate) fn doc(&self) -> TokenStream {
        optional(self.doc.as_ref().map(escaped))
    }

    /// A field's or a symbol's name.
    pub(crate) fn rename(&self, ident: &Ident, rename: Option<&LitStr>) -> Result<String, Error> {
        if let Some(rename) = rename {
            return Ok(rename.value());
        }
        let own = plain(ident);
        let Some(style) = &self.rename_all else { return Ok(own) };
        let words = words(&own);
        match style.value().as_str() {
            "camelCase" => {
                let pascal = pascal(&words);
                let mut chars = pascal.chars();
                Ok(chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect())
            }
            "PascalCase" => Ok(pascal(&words)),
            "SCREAMING_SNAKE_CASE" => Ok(words.join("_").to_ascii_uppercase()),
            "snake_case" => Ok(words.join("_").to_ascii_lowercase()),
            _ => Err(Error::new(style.span(), "expected camelCase, PascalCase, snake_case or SCREAMING_SNAKE_CASE")),
        }
    }
}

/// What a field or a variant says.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) rename: Option<LitStr>,
    doc: Option<LitStr>,
    pub(crate) default: Option<LitStr>,
    logical: Option<LitStr>,
    fixed: Option<LitStr>,
    pub(crate) with: Option<Path>,
    pub(crate) via: Option<Type>,
    pub(crate) outer: bool,
    pub(crate) skip: bool,
}

impl FieldAttributes {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self, Error> {
        let mut field = Self::default();
        each(attributes, |meta| {
            match key(&meta).as_str() {
                "rename" | "name" => field.rename = Some(name(&meta, false)?),
                "doc" => field.doc = Some(meta.value()?.parse()?),
                "default" => field.default = Some(json(&meta)?),
                "logical" => field.logical = Some(meta.value()?.parse()?),
                "fixed" => field.fixed = Some(name(&meta, false)?),
                "with" => field.with = Some(meta.value()?.parse::<LitStr>()?.parse()?),
                "via" => field.via = Some(meta.value()?.parse::<LitStr>()?.parse()?),
                "outer" => field.outer = true,
                "skip" => field.skip = true,
                _ => return Err(meta.error("expected rename, doc, default, logical, fixed, with, via, outer or skip")),
            }
            Ok(())
        })?;
        match (&field.with, &field.via) {
            (Some(with), None) => Err(Error::new_spanned(with, "with needs via = \"the type that it returns\"")),
            (None, Some(via)) => Err(Error::new_spanned(via, "via needs with = \"a function\"")),
            _ => Ok(field),
        }
    }

    pub(crate) fn doc(&self) -> TokenStream {
        optional(self.doc.as_ref().map(escaped))
    }

    /// The schema of a field of this type, whose value is written by `marker`.
    pub(crate) fn shape(&self, kind: &Type, marker: &TokenStream) -> TokenStream {
        if self.outer {
            return quote!(<#kind as __avro::Shaped<__avro::Outer>>::SHAPE);
        }
        quote!(<#kind as __avro::Shaped<#marker>>::SHAPE)
    }

    /// The marker that says how the value is written, and what must be declared for it.
    pub(crate) fn marker(&self, kind: &Type, field: &str, index: usize) -> Result<(TokenStream, TokenStream), Error> {
        if let (true, Some(other)) = (self.outer, self.logical.as_ref().or(self.fixed.as_ref())) {
            return Err(Error::new(other.span(), "an outer type is a record"));
        }
        let logical = self.logical.as_ref().map(Logical::of).transpose()?;
        if has_bytes(kind) {
            let name = self.fixed.as_ref().map_or_else(|| pascal(&words(field)), LitStr::value);
            let marker = format_ident!("__Fixed{index}");
            let logical = match &logical {
                None => quote!(::core::option::Option::None),
                Some(logical) => {
                    let shape = logical.shape();
                    quote!(::core::option::Option::Some(#shape))
                }
            };
            let declared = quote! {
                struct #marker;
                impl __avro::FixedType for #marker {
                    const NAME: __avro::TypeName =
                        __avro::TypeName { simple: #name, namespace: ::core::option::Option::None };
                    const LOGICAL: ::core::option::Option<__avro::LogicalShape> = #logical;
                }
            };
            return Ok((quote!(__avro::Fixed<#marker>), declared));
        }
        if let Some(fixed) = &self.fixed {
            return Err(Error::new(fixed.span(), "only a [u8; N] is fixed"));
        }
        let marker = logical.map_or_else(|| Ok(quote!(__avro::Plain)), |logical| logical.marker())?;
        Ok((marker, TokenStream::new()))
    }
}

/// A logical type as a field names it.
struct Logical {
    name: String,
    /// Of a decimal.
    precision: u32,
    scale: u32,
    span: Span,
}

impl Logical {
    fn of(text: &LitStr) -> Result<Self, Error> {
        let span = text.span();
        let text = text.value();
        let Some(parameters) = text.strip_prefix("decimal") else {
            return Ok(Self { name: text, precision: 0, scale: 0, span });
        };
        let inside = parameters.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let (precision, scale) = inside.map_or(("", "0"), |inside| inside.split_once(',').unwrap_or((inside, "0")));
        match (precision.trim().parse(), scale.trim().parse()) {
            (Ok(precision), Ok(scale)) if precision > 0 && scale <= precision => {
                Ok(Self { name: "decimal".to_owned(), precision, scale, span })
            }
            _ => Err(Error::new(span, "expected decimal(precision, scale), as in decimal(10, 2)")),
        }
    }

    fn shape(&self) -> TokenStream {
        let Self { name, precision, scale, .. } = self;
        quote!(__avro::LogicalShape { name: #name, precision: #precision, scale: #scale })
    }

    fn marker(&self) -> Result<TokenStream, Error> {
        let marker = match self.name.as_str() {
            "decimal" => {
                let (precision, scale) = (self.precision, self.scale);
                return Ok(quote!(__avro::Decimal<#precision, #scale>));
            }
            "uuid" => "Uuid",
            "date" => "Date",
            "time-millis" => "TimeMillis",
            "time-micros" => "TimeMicros",
            "timestamp-millis" => "TimestampMillis",
            "timestamp-micros" => "TimestampMicros",
            "timestamp-nanos" => "TimestampNanos",
            "local-timestamp-millis" => "LocalTimestampMillis",
            "local-timestamp-micros" => "LocalTimestampMicros",
            "local-timestamp-nanos" => "LocalTimestampNanos",
            "duration" => return Err(Error::new(self.span, "a duration is a [u8; 12]")),
            _ => return Err(Error::new(self.span, "no such logical type in Avro 1.12")),
        };
        let marker = Ident::new(marker, self.span);
        Ok(quote!(__avro::#marker))
    }
}

/// Whether a type is a `[u8; N]`, or holds one.
fn has_bytes(kind: &Type) -> bool {
    match kind {
        Type::Array(TypeArray { elem, .. }) => is_ident(elem, "u8") || has_bytes(elem),
        Type::Reference(reference) => has_bytes(&reference.elem),
        Type::Slice(slice) => has_bytes(&slice.elem),
        Type::Paren(paren) => has_bytes(&paren.elem),
        Type::Group(group) => has_bytes(&group.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
            syn::PathArguments::AngleBracketed(arguments) => arguments.args.iter().any(|argument| match argument {
                syn::GenericArgument::Type(kind) => has_bytes(kind),
                _ => false,
            }),
            _ => false,
        }),
        _ => false,
    }
}

/// Whether a type is just this name, whatever path leads to it.
pub(crate) fn is_ident(kind: &Type, name: &str) -> bool {
    matches!(kind, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

pub(crate) fn optional(value: Option<String>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// As it stands between the quotes of a JSON string.
fn escaped(text: &LitStr) -> String {
    let quoted = serde_json::Value::String(text.value()).to_string();
    quoted.trim_start_matches('"').strip_suffix('"').unwrap_or("").to_owned()
}

fn json(meta: &ParseNestedMeta<'_>) -> Result<LitStr, Error> {
    let text: LitStr = meta.value()?.parse()?;
    match serde_json::from_str::<serde_json::Value>(&text.value()) {
        Ok(_) => Ok(text),
        Err(error) => Err(Error::new(text.span(), format!("a default is JSON: {error}"))),
    }
}

fn name(meta: &ParseNestedMeta<'_>, dots: bool) -> Result<LitStr, Error> {
    let text: LitStr = meta.value()?.parse()?;
    let simple = |part: &str| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let value = text.value();
    let valid = if dots { value.split('.').all(simple) } else { simple(&value) };
    if valid {
        Ok(text)
    } else {
        Err(Error::new(text.span(), "no Avro name: letters, digits and _, and no digit in front"))
    }
}

fn key(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(Ident::to_string).unwrap_or_default()
}

fn each(attributes: &[Attribute], mut one: impl FnMut(ParseNestedMeta<'_>) -> Result<(), Error>) -> Result<(), Error> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("avro"))
        .try_for_each(|attribute| attribute.parse_nested_meta(&mut one))
}

/// An identifier without the `r#` that makes a keyword one.
pub(crate) fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or_else(|| text.clone(), str::to_owned)
}

/// The words of `order_id`, `OrderId` or `orderId`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if c == '_' || (small && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c != '_', words.last_mut()) {
            word.push(c);
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn pascal(words: &[String]) -> String {
    let capitalised = |word: &String| {
        let mut chars = word.chars();
        let first = chars.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(chars.map(|c| c.to_ascii_lowercase())).collect::<String>()
    };
    words.iter().map(capitalised).collect()
}
