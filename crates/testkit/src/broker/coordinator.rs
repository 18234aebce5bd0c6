//! FindCoordinator: there is none. Consumers that are assigned their partitions do without.

use super::{Answer, Request};
use crate::cluster::Cluster;
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};

/// The first version that asks for several (KIP-699).
const FIRST_WITH_MANY: i16 = 4;

/// A key that names a transactional id, not a group.
const TRANSACTION: i8 = 1;

pub(crate) fn answer(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: FindCoordinatorRequest = request.read()?;
    if request.meets_fault(cluster) {
        return Ok(Answer::Silent);
    }
    // Codes that clients give up on: a retriable one would have them ask for ever.
    let (code, text) = if message.key_type == TRANSACTION {
        (ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, "this cluster is a test double without transactions")
    } else {
        (
            ErrorCode::GROUP_AUTHORIZATION_FAILED,
            "this cluster is a test double without consumer groups: assign partitions instead of subscribing",
        )
    };
    let code = request.refusal().or_else(|| request.late_refusal()).unwrap_or(code);
    let throttle_time_ms = request.throttle_time_ms();
    let text = Some(text.to_owned());
    let response = if request.question.version >= FIRST_WITH_MANY {
        let refuse = |key: &String| Coordinator {
            key: key.clone(),
            node_id: -1,
            port: -1,
            error_code: code,
            error_message: text.clone(),
            ..Default::default()
        };
        let coordinators = message.coordinator_keys.iter().map(refuse).collect();
        FindCoordinatorResponse { throttle_time_ms, coordinators, ..Default::default() }
    } else {
        let error_message = text.filter(|_| request.question.version >= 1);
        FindCoordinatorResponse {
            throttle_time_ms,
            error_code: code,
            error_message,
            node_id: -1,
            port: -1,
            ..Default::default()
        }
    };
    Ok(request.question.reply(&response))
}
