//! Derives straight-line Avro encoders for `milena-schema`.
