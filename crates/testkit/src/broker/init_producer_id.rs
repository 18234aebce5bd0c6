//! InitProducerId: a new id each time. Nobody remembers which were given out.

use super::{Answer, Request};
use crate::cluster::{Cluster, Operation};
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

pub(crate) fn answer(cluster: &mut Cluster, request: &mut Request<'_>) -> Result<Answer, DecodeError> {
    let message: InitProducerIdRequest = request.read()?;
    if request.meets_fault(cluster) {
        return Ok(Answer::Silent);
    }
    let given = match request.refusal() {
        Some(code) => Err(code),
        None => give(cluster, &message),
    };
    let given = given.and_then(|id| request.late_refusal().map_or(Ok(id), Err));
    let (error_code, producer_id, producer_epoch) = match given {
        Ok(id) => (ErrorCode::NONE, id, cluster.options.first_producer_epoch),
        Err(code) => (code, -1, -1),
    };
    let throttle_time_ms = request.throttle_time_ms();
    let response = InitProducerIdResponse { throttle_time_ms, error_code, producer_id, producer_epoch };
    Ok(request.question.reply(&response))
}

fn give(cluster: &mut Cluster, message: &InitProducerIdRequest) -> Result<i64, ErrorCode> {
    match message.transactional_id.as_deref() {
        None if cluster.denied.contains(&Operation::IdempotentWrite) => Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
        None => {
            let id = cluster.next_producer_id;
            cluster.next_producer_id += 1;
            Ok(id)
        }
        Some("") => Err(ErrorCode::INVALID_REQUEST),
        // This kit knows no transactions: nobody has a right to any transactional id.
        Some(_) => Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
    }
}
