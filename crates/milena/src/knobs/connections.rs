//! Knobs of sockets.

use super::field::Field;
use super::{Group, Kind, Knob, Support, Unit, Valid};

pub(super) static GROUP: Group = Group {
    title: "Connections",
    doc: "How sockets are opened, reopened and closed.",
    knobs: &[
        Knob {
            name: "reconnect.backoff.ms",
            kind: Kind::Long,
            default: Some("50"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "The wait before a broker is connected to again; it doubles with each failure, up to reconnect.backoff.max.ms. Short \
                  waits find a restarted broker sooner. Set without reconnect.backoff.max.ms it is every wait, not only the first.",
            differs: "",
            since: "0.8.2",
            setter: Some("reconnect_backoff"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.reconnect_backoff)),
        },
        Knob {
            name: "reconnect.backoff.max.ms",
            kind: Kind::Long,
            default: Some("1000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "The longest wait before a broker is connected to again. Thousands of clients that come back at once are why not to \
                  set it too low.",
            differs: "",
            since: "0.11 (KIP-144)",
            setter: Some("reconnect_backoff_max"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.reconnect_backoff_max)),
        },
        Knob {
            name: "socket.connection.setup.timeout.ms",
            kind: Kind::Long,
            default: Some("10000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "How long connecting may take at the first attempt; it doubles with each failure, up to \
                  socket.connection.setup.timeout.max.ms. Short values leave a host that swallows packets sooner.",
            differs: "A negative value is an error.",
            since: "2.7 (KIP-601)",
            setter: Some("connection_setup_timeout"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.connection_setup_timeout)),
        },
        Knob {
            name: "socket.connection.setup.timeout.max.ms",
            kind: Kind::Long,
            default: Some("30000"),
            valid: Valid::AtLeast(0),
            unit: Unit::Milliseconds,
            doc: "The longest that connecting may take at later attempts: patience for a network that is slow rather than gone.",
            differs: "A negative value is an error.",
            since: "2.7 (KIP-601)",
            setter: Some("connection_setup_timeout_max"),
            support: Support::Full(Field::Duration(|settings| &mut settings.config.connection_setup_timeout_max)),
        },
        Knob {
            name: "connections.max.idle.ms",
            kind: Kind::Long,
            default: Some("540000"),
            valid: Valid::Any,
            unit: Unit::Milliseconds,
            doc: "A connection that carried nothing for this long is closed, before the broker does it after its 10 minutes. A \
                  negative value means never. The next record pays for a new connection.",
            differs: "",
            since: "0.9",
            setter: Some("connections_max_idle"),
            support: Support::Full(Field::OptionalDuration(|settings| &mut settings.config.connections_max_idle)),
        },
        Knob {
            name: "send.buffer.bytes",
            kind: Kind::Int,
            default: Some("131072"),
            valid: Valid::AtLeast(-1),
            unit: Unit::Bytes,
            doc: "The socket's send buffer (SO_SNDBUF). It limits what one connection has under way: rate times round trip. −1 leaves \
                  it to the operating system, which grows it by itself and is better on long, fast links.",
            differs: "",
            since: "0.8.1",
            setter: Some("send_buffer"),
            support: Support::Full(Field::OptionalSize(|settings| &mut settings.config.send_buffer)),
        },
        Knob {
            name: "receive.buffer.bytes",
            kind: Kind::Int,
            default: Some("32768"),
            valid: Valid::AtLeast(-1),
            unit: Unit::Bytes,
            doc: "The socket's receive buffer (SO_RCVBUF); −1 leaves it to the operating system. Answers to a producer are small: it \
                  seldom matters.",
            differs: "",
            since: "0.8.1",
            setter: Some("receive_buffer"),
            support: Support::Full(Field::OptionalSize(|settings| &mut settings.config.receive_buffer)),
        },
    ],
};
