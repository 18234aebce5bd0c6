//! `.proto` texts as people write them: what counts as a message, what is imported, what is refused.
#![cfg(feature = "protobuf")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on")]

use milena_schema::protobuf::{Outline, ProtoText, ProtobufError, ReferenceSubject};
use milena_schema::{Schema, SchemaType};
use proptest::prelude::*;

fn indexes(text: &str, name: &str) -> Vec<u32> {
    Outline::read(text).unwrap().indexes(name).unwrap().as_slice().to_vec()
}

fn refused(text: &str) -> String {
    Outline::read(text).unwrap_err().to_string()
}

/// Everything that is spelt with braces, or looks like a message, and is none.
const CROWDED: &str = r#"
// message InComment {}
/* message InBlockComment { */
edition = "2023";
package shop;
option java_package = "a;b{";
option (my.opt) = { message: "x" nested { a: [1, 2] } };
import public "a/b.proto"; import "c.proto"; import weak 'd.proto';
enum Status { option allow_alias = true; UNKNOWN = 0 [(x) = { y: "}" }]; reserved 5 to 9; }
extend google.protobuf.FieldOptions { optional group Extra = 50 { message Hidden {} } }
service Orders { rpc Get(stream Order) returns (Order) { option (http) = { get: "/" }; }; rpc Put(Order) returns (Order); }
message Order {
  option (o) = { message { a: 1 } };
  message message = 1;
  message.Item dotted = 8;
  package package = 9; import import = 10; enum enumeration = 11;
  oneof kind { string a = 2; Inner b = 3 [deprecated = true, (z) = { s: "]" }]; group Grouped = 12 { int32 x = 1; } }
  enum Colour { RED = 0; }
  map<string, Inner> by_name = 4;
  extensions 100 to 199 [declaration = { number: 100, type: ".x" }];
  reserved 20, 30 to max; reserved "old";
  message Inner { message Deep {} };
  message message { message Deep {} }
}
;
message Other {}
"#;

#[test]
fn only_what_is_declared_as_a_message_counts() {
    let outline = Outline::read(CROWDED).unwrap();
    let names: Vec<_> = outline.names().collect();
    let all = [
        "shop.Order",
        "shop.Order.Inner",
        "shop.Order.Inner.Deep",
        "shop.Order.message",
        "shop.Order.message.Deep",
        "shop.Other",
    ];
    assert_eq!(names, all);
    assert_eq!(indexes(CROWDED, "shop.Order.message.Deep"), [0, 1, 0]);
    assert_eq!(indexes(CROWDED, "shop.Other"), [1]);
    let imports: Vec<_> = outline.imports.iter().map(|import| (&*import.path, import.public)).collect();
    assert_eq!(imports, [("a/b.proto", true), ("c.proto", false), ("d.proto", false)]);
}

#[test]
fn without_a_package_names_are_bare() {
    assert_eq!(indexes("message A {} message B { message C {} }", "B.C"), [1, 0]);
}

#[test]
fn what_does_not_parse_is_refused_with_its_place() {
    assert_eq!(refused("package a;\nmessage A {\n  int32 a = 1\n}"), "line 4, column 1: expected ; before }");
    assert_eq!(refused("message A {\n  int32 a = 1;"), "line 2, column 15: message A has no end");
    assert_eq!(refused("message A { string s = \"x; }"), "line 1, column 24: a string without end");
    assert_eq!(refused("message {}"), "line 1, column 9: expected a name");
    assert_eq!(refused("message A;"), "line 1, column 10: expected { after message A");
    assert_eq!(refused("message A {}\n}"), "line 2, column 1: '}' begins no declaration");
    assert_eq!(refused("import a;"), "line 1, column 8: expected the import's path");
    assert_eq!(refused(&"message A {".repeat(101)), "line 1, column 1111: more than 100 blocks in one another");
    assert!(refused("hello").starts_with("neither .proto text nor a base64 FileDescriptorProto"));
}

#[test]
fn a_file_that_only_passes_another_one_on_has_its_messages() {
    let schema = ProtoText::new("import public \"b.proto\"; import \"c.proto\";")
        .import("b.proto", "package b; message A {} message B {}")
        .import("c.proto", "package c; message C {}")
        .schema()
        .unwrap();
    assert_eq!(Outline::of(&schema).unwrap().indexes("b.B").unwrap().as_slice(), [1]);
    assert!(Outline::of(&schema).unwrap().indexes("c.C").is_err());
}

#[test]
fn imports_become_references_and_well_known_ones_do_not() {
    let order = r#"
        import "google/protobuf/timestamp.proto";
        import "google/type/money.proto";
        import "confluent/meta.proto";
        import "shop/item.proto";
        message Order {}"#;
    let item = "import \"shop/unit.proto\"; message Item {}";
    let text = ProtoText::new(order).import("shop/item.proto", item).import("shop/unit.proto", "message Unit {}");
    let by_path = text.schema().unwrap();
    assert_eq!(&*by_path.text, order);
    let [item_reference] = &*by_path.references else { panic!("{by_path:?}") };
    assert_eq!((&*item_reference.name, &*item_reference.subject), ("shop/item.proto", "shop/item.proto"));
    let inner: &Schema = item_reference.schema.as_deref().unwrap();
    assert_eq!((inner.schema_type, &*inner.text), (SchemaType::Protobuf, item));
    assert_eq!(inner.references[0].name, "shop/unit.proto");

    let qualified = text.reference_subject(ReferenceSubject::Qualified).schema().unwrap();
    assert_eq!((&*qualified.references[0].name, &*qualified.references[0].subject), ("shop/item.proto", "shop.item"));
}

#[test]
fn an_import_without_text_and_a_cycle_are_errors() {
    let text = ProtoText::new("import \"a.proto\";").import("a.proto", "import \"b.proto\";");
    let missing = r#"import "b.proto" of "a.proto": its text is not given; given are "a.proto""#;
    assert_eq!(text.schema().unwrap_err().to_string(), missing);
    let cycle = text.import("b.proto", "import \"a.proto\";").schema();
    let way = ["a.proto", "b.proto", "a.proto"].map(String::from).to_vec();
    assert_eq!(cycle, Err(ProtobufError::ImportCycle(way)));
}

proptest! {
    /// What a registry sends may be anything.
    #[test]
    fn any_text_is_read_or_refused(words in prop::collection::vec(prop::sample::select(WORDS), 0..60), noise in ".{0,20}") {
        let text = words.join(" ") + &noise;
        if let Ok(outline) = Outline::read(&text) {
            for name in outline.names() {
                prop_assert!(outline.indexes(name).is_ok());
            }
        }
    }
}

const WORDS: &[&str] = &[
    "message",
    "A",
    "B",
    "{",
    "}",
    ";",
    "=",
    "1",
    "package",
    "p.q",
    "import",
    "public",
    "\"a\"",
    "option",
    "(",
    ")",
    "[",
    "]",
    "enum",
    "oneof",
    "group",
    "extend",
    "map<string, A>",
    "/*",
    "*/",
    "//",
    "\n",
    "'",
    "é",
];
