//! Structs: Avro records.

use crate::attributes::{Container, FieldAttributes, is_ident, optional, plain};
use crate::lock;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    DeriveInput, Error, FieldsNamed, GenericArgument, GenericParam, Generics, Ident, PathArguments, Type, parse_quote,
};

/// A field as it is written.
struct Field {
    name: String,
    /// What is written.
    kind: Type,
    marker: TokenStream,
    /// A reference to what is written.
    value: TokenStream,
    shape: TokenStream,
    doc: TokenStream,
    default: TokenStream,
}

pub(crate) fn derive(input: &DeriveInput, container: &Container, fields: &FieldsNamed) -> Result<TokenStream, Error> {
    let mut declared = TokenStream::new();
    let mut list = Vec::new();
    let mut inner = container.inner;
    for (index, field) in fields.named.iter().enumerate() {
        let attributes = FieldAttributes::of(&field.attrs)?;
        if attributes.skip {
            continue;
        }
        inner |= attributes.outer;
        let (one, declares) = describe(input, container, field, &attributes, index)?;
        declared.extend(declares);
        list.push(one);
    }
    let name = container.type_name(&input.ident);
    let simple = container.name(&input.ident);
    let doc = container.doc();
    let shapes = list.iter().map(Field::shape);
    let encodes = list.iter().map(Field::encode);
    let serializes = list.iter().map(Field::serialize);
    let count = list.len();
    let outer = within_others(input);
    let body = quote! {
        #declared
        const NAME: __avro::TypeName = #name;
        /// The type in its own fields.
        struct __ByName;
        impl<M> __avro::Shaped<M> for __ByName {
            const SHAPE: __avro::Shape = __avro::Shape::Named(NAME);
        }
        #outer
    };
    let shape = quote!(__avro::Shape::Record { name: NAME, doc: #doc, fields: &[#(#shapes),*] });
    let encode = quote!(#(#encodes)* ::core::result::Result::Ok(()));
    let serialize = quote! {
        let mut fields = __avro::serde::Serializer::serialize_struct(serializer, #simple, #count)?;
        #(#serializes)*
        __avro::serde::ser::SerializeStruct::end(fields)
    };
    finish(input, container, &body, &shape, &encode, &serialize, inner)
}

/// The type in the fields of those that it holds: by its name.
fn within_others(input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        impl #generics __avro::Shaped<__avro::Outer> for #ident #arguments #conditions {
            const SHAPE: __avro::Shape = __avro::Shape::Named(NAME);
        }
    }
}

/// The impls that every derived type has; one that is `inner` has no schema of its own.
pub(crate) fn finish(
    input: &DeriveInput,
    container: &Container,
    body: &TokenStream,
    shape: &TokenStream,
    encode: &TokenStream,
    serialize: &TokenStream,
    inner: bool,
) -> Result<TokenStream, Error> {
    let ident = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let own_schema = if inner { without_schema(container)? } else { own_schema(input, container)? };
    Ok(quote! {
        #[automatically_derived]
        const _: () = {
            use ::milena_schema::avro::derive as __avro;
            #body
            impl #generics __avro::Shaped for #ident #arguments #conditions {
                const SHAPE: __avro::Shape = #shape;
            }
            impl #generics __avro::AvroValue for #ident #arguments #conditions {
                #[inline]
                fn encode(
                    &self,
                    out: &mut ::std::vec::Vec<u8>,
                ) -> ::core::result::Result<(), __avro::SerializeError> {
                    #encode
                }
                fn serialize<S: __avro::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    #serialize
                }
            }
            #own_schema
        };
    })
}

/// The schema as a constant.
fn own_schema(input: &DeriveInput, container: &Container) -> Result<TokenStream, Error> {
    let ident = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    let whole = whole_type(ident, &input.generics);
    let lock = lock::assertion(container, &whole)?;
    Ok(quote! {
        const WHOLE: __avro::Shape = <#whole as __avro::Shaped>::SHAPE;
        const TEXT: [u8; __avro::schema_len(&WHOLE)] = __avro::schema_text(&WHOLE);
        impl #generics __avro::AvroRecord for #ident #arguments #conditions {
            const SCHEMA: &'static str = __avro::as_str(&TEXT);
            const FINGERPRINT: u64 = __avro::fingerprint::<{ __avro::canonical_len(&WHOLE) }>(&WHOLE);
        }
        #lock
    })
}

fn without_schema(container: &Container) -> Result<TokenStream, Error> {
    match &container.lock {
        Some(lock) => Err(Error::new(lock.span(), "an inner type has no schema of its own that could be locked")),
        None => Ok(TokenStream::new()),
    }
}

/// The type with every lifetime `'static`: a constant of its own is not generic.
fn whole_type(ident: &Ident, generics: &Generics) -> TokenStream {
    let lifetimes: Vec<_> = generics
        .params
        .iter()
        .filter(|parameter| matches!(parameter, GenericParam::Lifetime(_)))
        .map(|_| quote!('static))
        .collect();
    if lifetimes.is_empty() { quote!(#ident) } else { quote!(#ident<#(#lifetimes),*>) }
}

fn describe(
    input: &DeriveInput,
    container: &Container,
    field: &syn::Field,
    attributes: &FieldAttributes,
    index: usize,
) -> Result<(Field, TokenStream), Error> {
    let Some(ident) = &field.ident else { return Err(Error::new_spanned(field, "a field needs a name")) };
    let name = container.rename(ident, attributes.rename.as_ref())?;
    let (kind, value) = written(field, ident, attributes);
    let (marker, declared) = attributes.marker(&kind, &plain(ident), index)?;
    let shaped = by_name(&kind, &input.ident);
    let shape = attributes.shape(&shaped, &marker);
    let default = match &attributes.default {
        Some(default) => Some(default.value()),
        None if is_ident(&kind, "Option") => Some("null".to_owned()),
        None => None,
    };
    let described = Field { name, kind, marker, value, shape, doc: attributes.doc(), default: optional(default) };
    Ok((described, declared))
}

/// The type that is written, and the expression for a reference to it.
fn written(field: &syn::Field, ident: &Ident, attributes: &FieldAttributes) -> (Type, TokenStream) {
    if let (Some(with), Some(via)) = (&attributes.with, &attributes.via) {
        return (via.clone(), quote!(&#with(&self.#ident)));
    }
    // In a list, bytes are bytes; alone, a byte is a number.
    if is_ident(&field.ty, "u8") {
        return (parse_quote!(i32), quote!(&::core::convert::From::from(self.#ident)));
    }
    (field.ty.clone(), quote!(&self.#ident))
}

impl Field {
    fn shape(&self) -> TokenStream {
        let Self { name, shape, doc, default, .. } = self;
        quote!(__avro::FieldShape { name: #name, shape: #shape, doc: #doc, default: #default })
    }

    fn encode(&self) -> TokenStream {
        let Self { name, kind, marker, value, .. } = self;
        quote! {
            <#kind as __avro::AvroValue<#marker>>::encode(#value, out).map_err(|error| error.in_field(#name))?;
        }
    }

    fn serialize(&self) -> TokenStream {
        let Self { name, kind, marker, value, .. } = self;
        quote! {
            __avro::serde::ser::SerializeStruct::serialize_field(
                &mut fields,
                #name,
                &__avro::BySerde::<#kind, #marker>::new(#value),
            )?;
        }
    }
}

/// The type, with the derived one in it only by name: a constant cannot hold itself.
fn by_name(kind: &Type, own: &Ident) -> Type {
    let mut kind = kind.clone();
    replace(&mut kind, own);
    kind
}

fn replace(kind: &mut Type, own: &Ident) {
    match kind {
        Type::Path(path) => {
            let Some(last) = path.path.segments.last_mut() else { return };
            if last.ident == *own || last.ident == "Self" {
                *kind = parse_quote!(__ByName);
                return;
            }
            if let PathArguments::AngleBracketed(arguments) = &mut last.arguments {
                for argument in &mut arguments.args {
                    if let GenericArgument::Type(inner) = argument {
                        replace(inner, own);
                    }
                }
            }
        }
        Type::Reference(reference) => replace(&mut reference.elem, own),
        Type::Array(array) => replace(&mut array.elem, own),
        Type::Slice(slice) => replace(&mut slice.elem, own),
        Type::Paren(paren) => replace(&mut paren.elem, own),
        Type::Group(group) => replace(&mut group.elem, own),
        _ => {}
    }
}
