//! Enums whose variants hold one value each: Avro unions. A bare variant among them is null.

use crate::attributes::{Container, FieldAttributes, plain};
use crate::record::finish;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Error, Fields, Variant};

pub(crate) fn derive(input: &DeriveInput, container: &Container, data: &DataEnum) -> Result<TokenStream, Error> {
    let mut branches = Vec::new();
    for (index, variant) in (0..).zip(&data.variants) {
        branches.push(branch(variant, index)?);
    }
    let declared = branches.iter().map(|branch| &branch.declared);
    let shapes = branches.iter().map(|branch| &branch.shape);
    let encodes = branches.iter().map(|branch| &branch.encode);
    let serializes = branches.iter().map(|branch| &branch.serialize);
    let body = quote!(#(#declared)*);
    let shape = quote!(__avro::Shape::Union(&[#(#shapes),*]));
    let encode = quote! {
        match self { #(#encodes)* }
        ::core::result::Result::Ok(())
    };
    let serialize = quote!(match self { #(#serializes)* });
    let inner = container.inner || branches.iter().any(|branch| branch.outer);
    finish(input, container, &body, &shape, &encode, &serialize, inner)
}

struct Branch {
    /// Its type holds this one.
    outer: bool,
    declared: TokenStream,
    shape: TokenStream,
    encode: TokenStream,
    serialize: TokenStream,
}

fn branch(variant: &Variant, index: u32) -> Result<Branch, Error> {
    let ident = &variant.ident;
    let attributes = FieldAttributes::of(&variant.attrs)?;
    let kind = match &variant.fields {
        Fields::Unit => {
            return Ok(Branch {
                outer: false,
                declared: TokenStream::new(),
                shape: quote!(__avro::Shape::Null),
                encode: quote!(Self::#ident => __avro::put_index(out, #index),),
                serialize: quote!(Self::#ident => __avro::serde::Serializer::serialize_unit(serializer),),
            });
        }
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields
            .unnamed
            .first()
            .map(|field| field.ty.clone())
            .ok_or_else(|| Error::new_spanned(variant, "one value"))?,
        _ => return Err(Error::new_spanned(variant, "a branch of an Avro union holds one value: Variant(Type)")),
    };
    let position = usize::try_from(index).unwrap_or(0);
    let (marker, declared) = attributes.marker(&kind, &plain(ident), position)?;
    let shape = attributes.shape(&kind, &marker);
    Ok(Branch {
        outer: attributes.outer,
        declared,
        shape: shape.clone(),
        encode: quote! {
            Self::#ident(value) => {
                __avro::put_index(out, #index);
                <#kind as __avro::AvroValue<#marker>>::encode(value, out)?;
            }
        },
        serialize: quote! {
            Self::#ident(value) => __avro::serde::Serializer::serialize_newtype_variant(
                serializer,
                "",
                #index,
                const { __avro::branch_name(&#shape) },
                &__avro::BySerde::<#kind, #marker>::new(value),
            ),
        },
    })
}
