// What the tests write. `thrift --gen rs records.thrift` made records.rs (compiler 0.17.0).

enum Status { NEW = 0, SHIPPED = 2 }

struct Vector {
  1: i64 id,
  2: string name,
  3: double price,
  4: bool open,
  5: list<string> tags,
}

struct Line {
  1: required string sku,
  2: optional i32 count,
}

struct Order {
  1: required i64 id,
  2: optional string note,
  3: optional list<Line> lines,
  4: optional map<string, double> prices,
  5: optional set<i16> flags,
  6: optional Status status,
  7: optional binary raw,
  8: optional bool paid,
  9: optional i8 tiny,
  40: optional Line main,
  41: optional list<bool> answers,
}
