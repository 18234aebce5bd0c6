// The benchmark's record. `thrift --gen rs order.thrift` made order.rs (compiler 0.17.0), but for its unused server.

struct Order {
  1: required i64 id,
  2: required string uuid,
  3: required string sku,
  4: required i32 quantity,
  5: required double price,
  6: required double discount,
  7: required bool paid,
  8: required i64 at,
  9: optional string note,
  10: required list<string> tags,
}
