//! FindCoordinator: groups have one, which speaks none of their APIs.
//!
//! Consumers that are assigned their partitions do without, yet librdkafka's ask for it all the same and would take a
//! refusal for their own. A consumer that subscribes fails on JoinGroup, which is not among the APIs announced, and both
//! Java and librdkafka say so.

use super::{Answer, Request};
use crate::cluster::Cluster;
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};

/// The first version that asks for several (KIP-699).
const FIRST_WITH_MANY: i16 = 4;

/// A key that names a group, not a transactional id.
const GROUP: i8 = 0;

pub(crate) fn answer(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: FindCoordinatorRequest = request.read()?;
    if request.meets_fault(cluster) {
        return Ok(Answer::Silent);
    }
    let refusal = request.refusal().or_else(|| request.late_refusal());
    let find = |key: &String| match (refusal, message.key_type) {
        (Some(code), _) => refused(key, code, None),
        (None, GROUP) => found(cluster, request.broker, key),
        // Not a code that clients ask again on: this kit knows no transactions, so nobody has a right to any.
        (None, _) => {
            let why = "this cluster is a test double without transactions";
            refused(key, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, Some(why.to_owned()))
        }
    };
    let throttle_time_ms = request.throttle_time_ms();
    let response = if request.question.version >= FIRST_WITH_MANY {
        let coordinators = message.coordinator_keys.iter().map(find).collect();
        FindCoordinatorResponse { throttle_time_ms, coordinators, ..Default::default() }
    } else {
        let Coordinator { node_id, host, port, error_code, error_message, .. } = find(&message.key);
        let error_message = error_message.filter(|_| request.question.version >= 1);
        FindCoordinatorResponse {
            throttle_time_ms,
            error_code,
            error_message,
            node_id,
            host,
            port,
            ..Default::default()
        }
    };
    Ok(request.question.reply(&response))
}

/// Any broker will do: the one that was asked.
fn found(cluster: &Cluster, broker: i32, key: &str) -> Coordinator {
    let Some(broker) = cluster.broker(broker) else { return refused(key, ErrorCode::COORDINATOR_NOT_AVAILABLE, None) };
    Coordinator {
        key: key.to_owned(),
        node_id: broker.id,
        host: broker.host.clone(),
        port: broker.port.into(),
        ..Default::default()
    }
}

fn refused(key: &str, error_code: ErrorCode, error_message: Option<String>) -> Coordinator {
    Coordinator { key: key.to_owned(), node_id: -1, port: -1, error_code, error_message, ..Default::default() }
}
