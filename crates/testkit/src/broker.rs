//! What a broker does with a request: its header, whether it speaks that version, and who answers.

pub(crate) mod api_versions;
pub(crate) mod append;
pub(crate) mod coordinator;
pub(crate) mod describe;
pub(crate) mod fetch;
pub(crate) mod init_producer_id;
pub(crate) mod list_offsets;
pub(crate) mod metadata;
pub(crate) mod produce;
pub(crate) mod topics;
pub(crate) mod validation;

use crate::cluster::Cluster;
use crate::connection::Wait;
use crate::fault::{Effect, Hit};
use milena_wire::buf::{DecodeError, Reader, Writer};
use milena_wire::error_code::ErrorCode;
use milena_wire::frame::{OpenFrame, RequestHeader, ResponseHeader};
use milena_wire::version::ApiKey;
use milena_wire::{Decode, Encode};

/// A request without its body: what its answer is laid out by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) api_key: ApiKey,
    pub(crate) version: i16,
    correlation_id: i32,
}

/// What comes of a request.
pub(crate) enum Answer {
    /// A whole frame.
    Reply(Vec<u8>),
    /// It is done, and nobody wants to know.
    Silent,
    /// It has to wait.
    Later(Wait),
    /// The connection ends.
    Close,
}

impl Question {
    /// The frame that answers with `body`. A field that the version cannot say closes the connection: a mistake of this kit
    /// that a test must see.
    pub(crate) fn reply(&self, body: &impl Encode) -> Answer {
        self.reply_in(self.version, body)
    }

    fn reply_in(&self, version: i16, body: &impl Encode) -> Answer {
        let mut writer = Writer::new();
        let frame = OpenFrame::begin(&mut writer);
        ResponseHeader { correlation_id: self.correlation_id }.encode(&mut writer, self.api_key, version);
        let encoded = body.encode(&mut writer, version).and_then(|()| frame.end(&mut writer, 0));
        if encoded.is_ok() { Answer::Reply(writer.into_bytes()) } else { Answer::Close }
    }
}

/// A request on its way through a broker.
pub(crate) struct Request<'a> {
    pub(crate) question: Question,
    pub(crate) broker: i32,
    body: Reader<'a>,
    /// The fault that met it.
    pub(crate) hit: Option<Hit>,
}

impl Request<'_> {
    /// The body, whole: nothing may follow it.
    pub(crate) fn read<T: Decode>(&self) -> Result<T, DecodeError> {
        let mut body = self.body;
        let message = T::decode(&mut body, self.question.version)?;
        body.finish()?;
        Ok(message)
    }

    /// Lets the cluster's faults have a look, now that it is known which partitions the request names. `true`: nothing is
    /// to be done.
    pub(crate) fn meets<'p>(
        &mut self,
        cluster: &mut Cluster,
        named: impl Iterator<Item = (&'p str, i32)> + Clone,
    ) -> bool {
        self.hit = cluster.faults.hit(self.broker, self.question.api_key, named);
        matches!(self.effect(), Some(Effect::Drop | Effect::Ignore))
    }

    /// As [`meets`](Self::meets), of a request that names no partitions.
    pub(crate) fn meets_fault(&mut self, cluster: &mut Cluster) -> bool {
        self.meets(cluster, std::iter::empty())
    }

    /// The code that a request without partitions is refused with: before anything is done, or in spite of it.
    pub(crate) fn refusal(&self) -> Option<ErrorCode> {
        match self.effect()? {
            Effect::Refuse(code) => Some(code),
            _ => None,
        }
    }

    pub(crate) fn late_refusal(&self) -> Option<ErrorCode> {
        match self.effect()? {
            Effect::DoAndRefuse(code) => Some(code),
            _ => None,
        }
    }

    /// `throttle_time_ms` of the answer.
    pub(crate) fn throttle_time_ms(&self) -> i32 {
        match self.effect() {
            Some(Effect::Throttle(time)) => i32::try_from(time.as_millis()).unwrap_or(i32::MAX),
            _ => 0,
        }
    }

    fn effect(&self) -> Option<Effect> {
        self.hit.as_ref().map(Hit::effect)
    }
}

/// Deals with a request.
///
/// # Errors
/// Any [`DecodeError`]: it is no request, or one in a version that the broker has not got. The connection ends.
pub(crate) fn answer(
    cluster: &mut Cluster,
    broker: i32,
    frame: &[u8],
) -> Result<(Question, Answer, Option<Effect>), DecodeError> {
    let mut body = Reader::new(frame);
    let header = RequestHeader::decode(&mut body)?;
    let RequestHeader { api_key, api_version: version, correlation_id, .. } = header;
    let question = Question { api_key, version, correlation_id };
    let release = cluster.broker(broker).map(|broker| broker.release).unwrap_or_default();
    let Some(served) = release.served(api_key) else { return Err(DecodeError::Invalid("api key")) };
    let mut request = Request { question, broker, body, hit: None };
    if !served.contains(version) {
        return match api_key {
            ApiKey::API_VERSIONS => Ok((question, api_versions::refuse(&request, release), None)),
            _ => Err(DecodeError::Invalid("api version")),
        };
    }
    let answer = match api_key {
        ApiKey::PRODUCE => produce::answer(cluster, &mut request)?,
        ApiKey::FETCH => fetch::answer(cluster, &mut request)?,
        ApiKey::LIST_OFFSETS => list_offsets::answer(cluster, &mut request)?,
        ApiKey::METADATA => metadata::answer(cluster, &mut request)?,
        ApiKey::FIND_COORDINATOR => coordinator::answer(cluster, &mut request)?,
        ApiKey::API_VERSIONS => api_versions::answer(cluster, &mut request, release)?,
        ApiKey::CREATE_TOPICS => topics::create(cluster, &mut request)?,
        ApiKey::DELETE_TOPICS => topics::delete(cluster, &mut request)?,
        ApiKey::DELETE_RECORDS => topics::delete_records(cluster, &mut request)?,
        ApiKey::CREATE_PARTITIONS => topics::create_partitions(cluster, &mut request)?,
        ApiKey::DESCRIBE_PRODUCERS => describe::producers(cluster, &mut request)?,
        ApiKey::INIT_PRODUCER_ID => init_producer_id::answer(cluster, &mut request)?,
        ApiKey::DESCRIBE_CLUSTER => describe::cluster(cluster, &mut request)?,
        _ => return Err(DecodeError::Invalid("api key")),
    };
    Ok((question, answer, request.effect()))
}
