//! ApiVersions: what the broker speaks.

use super::{Answer, Request};
use crate::cluster::Cluster;
use crate::release::Release;
use milena_wire::buf::DecodeError;
use milena_wire::error_code::ErrorCode;
use milena_wire::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use milena_wire::version::{ApiKey, Versions};

pub(crate) fn answer(
    cluster: &mut Cluster,
    request: &mut Request<'_>,
    release: Release,
) -> Result<Answer, DecodeError> {
    request.read::<ApiVersionsRequest>()?;
    if request.meets_fault(cluster) {
        return Ok(Answer::Silent);
    }
    let refusal = request.refusal().or_else(|| request.late_refusal());
    let error_code = refusal.unwrap_or(ErrorCode::NONE);
    let api_keys = if refusal.is_none() { release.announced().map(api_version).collect() } else { Vec::new() };
    let throttle_time_ms = request.throttle_time_ms();
    Ok(request.question.reply(&ApiVersionsResponse { error_code, api_keys, throttle_time_ms, ..Default::default() }))
}

/// The answer to a version that the broker has not got: in version 0, which everyone can read, with the versions that it
/// has of this API alone (KIP-511).
pub(crate) fn refuse(request: &Request<'_>, release: Release) -> Answer {
    let own = release.announced().find(|(key, _)| *key == ApiKey::API_VERSIONS).map(api_version);
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        // Brokers before 2.4 list nothing.
        api_keys: own.filter(|_| release > Release::V2_1).into_iter().collect(),
        ..Default::default()
    };
    request.question.reply_in(0, &response)
}

fn api_version((api_key, versions): (ApiKey, Versions)) -> ApiVersion {
    ApiVersion { api_key, min_version: versions.min, max_version: versions.max }
}
