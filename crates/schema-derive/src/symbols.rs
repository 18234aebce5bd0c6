//! Enums of bare variants: Avro enums.

use crate::attributes::{Container, FieldAttributes};
use crate::record::finish;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Error};

pub(crate) fn derive(input: &DeriveInput, container: &Container, data: &DataEnum) -> Result<TokenStream, Error> {
    let mut symbols = Vec::new();
    for variant in &data.variants {
        let attributes = FieldAttributes::of(&variant.attrs)?;
        symbols.push(container.rename(&variant.ident, attributes.rename.as_ref())?);
    }
    if symbols.is_empty() {
        return Err(Error::new_spanned(input, "an Avro enum needs a symbol"));
    }
    let name = container.type_name(&input.ident);
    let simple = container.name(&input.ident);
    let doc = container.doc();
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let indexes: Vec<u32> = (0..).take(symbols.len()).collect();
    let shape = quote!(__avro::Shape::Enum { name: #name, doc: #doc, symbols: &[#(#symbols),*] });
    let encode = quote! {
        __avro::put_index(out, match self { #(Self::#variants => #indexes,)* });
        ::core::result::Result::Ok(())
    };
    let serialize = quote! {
        let (index, symbol) = match self { #(Self::#variants => (#indexes, #symbols),)* };
        __avro::serde::Serializer::serialize_unit_variant(serializer, #simple, index, symbol)
    };
    finish(input, container, &TokenStream::new(), &shape, &encode, &serialize, container.inner)
}
