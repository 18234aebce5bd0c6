//! The calls of the REST interface that a producer makes.

use super::client::Client;
use super::error::RegistryError;
use super::http::Request;
use super::url::{query, segment};
use super::wire::{Entity, body};
use crate::guid::Guid;
use crate::schema::Schema;
use milena::serializer::Side;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Instant;

type Answer<T> = Result<T, RegistryError>;

/// Whether a schema may follow a subject's, and what forbids it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Compatibility {
    /// Whether it may.
    pub is_compatible: bool,
    /// The registry's list of differences. Some registries leave it empty, whatever they find.
    #[serde(default)]
    pub messages: Vec<String>,
}

/// A subject's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SubjectConfig {
    /// BACKWARD, FORWARD, FULL, each also with `_TRANSITIVE`; NONE.
    #[serde(alias = "compatibility")]
    pub compatibility_level: Option<String>,
    /// Whether the registry normalizes without being asked.
    pub normalize: Option<bool>,
}

#[derive(Deserialize)]
struct ModeBody {
    mode: String,
}

#[derive(Deserialize)]
struct Association {
    subject: Option<String>,
}

impl Client {
    pub(crate) fn register(
        &self,
        subject: &str,
        schema: &Schema,
        normalize: bool,
        deadline: Instant,
    ) -> Answer<Entity> {
        let path = format!("/subjects/{}/versions?normalize={normalize}", segment(subject));
        self.ask(&Request::post(path, body(schema)?).about(subject), deadline)
    }

    pub(crate) fn look_up(&self, subject: &str, schema: &Schema, normalize: bool, deadline: Instant) -> Answer<Entity> {
        let path = format!("/subjects/{}?normalize={normalize}&deleted=false", segment(subject));
        self.ask(&Request::post(path, body(schema)?).about(subject), deadline)
    }

    /// `None`: the latest. `deleted`: one that is deleted will do, as for references.
    pub(crate) fn version(
        &self,
        subject: &str,
        version: Option<u32>,
        deleted: bool,
        deadline: Instant,
    ) -> Answer<Entity> {
        let version = version.map_or_else(|| "latest".into(), |version| version.to_string());
        let path = format!("/subjects/{}/versions/{version}?deleted={deleted}", segment(subject));
        self.ask(&Request::get(path).about(subject), deadline)
    }

    /// `subject` says in which context the id counts.
    pub(crate) fn by_id(&self, id: u32, subject: Option<&str>, deadline: Instant) -> Answer<Entity> {
        let subject = subject.map(|subject| format!("&subject={}", query(subject))).unwrap_or_default();
        self.ask(&Request::get(format!("/schemas/ids/{id}?fetchMaxId=false{subject}")), deadline)
    }

    pub(crate) fn by_guid(&self, guid: Guid, deadline: Instant) -> Answer<Entity> {
        self.ask(&Request::get(format!("/schemas/guids/{guid}")), deadline)
    }

    pub(crate) fn by_metadata(
        &self,
        subject: &str,
        properties: &BTreeMap<String, String>,
        deadline: Instant,
    ) -> Answer<Entity> {
        let pairs = properties.iter().map(|(key, value)| format!("key={}&value={}&", query(key), query(value)));
        let path = format!("/subjects/{}/metadata?{}deleted=true", segment(subject), pairs.collect::<String>());
        self.ask(&Request::get(path).about(subject), deadline)
    }

    /// `None`: the latest version.
    pub(crate) fn compatibility(
        &self,
        subject: &str,
        version: Option<u32>,
        schema: &Schema,
        normalize: bool,
        deadline: Instant,
    ) -> Answer<Compatibility> {
        let version = version.map_or_else(|| "latest".into(), |version| version.to_string());
        let subject_segment = segment(subject);
        let path =
            format!("/compatibility/subjects/{subject_segment}/versions/{version}?normalize={normalize}&verbose=true");
        self.ask(&Request::post(path, body(schema)?).about(subject), deadline)
    }

    pub(crate) fn config(&self, subject: &str, deadline: Instant) -> Answer<SubjectConfig> {
        let path = format!("/config/{}?defaultToGlobal=true", segment(subject));
        self.ask(&Request::get(path).about(subject), deadline)
    }

    pub(crate) fn set_compatibility(&self, subject: &str, level: &str, deadline: Instant) -> Answer<()> {
        let body = serde_json::json!({ "compatibility": level }).to_string();
        let request = Request::put(format!("/config/{}", segment(subject)), body).about(subject);
        self.ask::<SubjectConfig>(&request, deadline).map(drop)
    }

    pub(crate) fn mode(&self, subject: &str, deadline: Instant) -> Answer<String> {
        let path = format!("/mode/{}?defaultToGlobal=true", segment(subject));
        self.ask::<ModeBody>(&Request::get(path).about(subject), deadline).map(|body| body.mode)
    }

    pub(crate) fn types(&self, deadline: Instant) -> Answer<Vec<String>> {
        self.ask(&Request::get("/schemas/types"), deadline)
    }

    /// The subjects that the registry associates with a topic; none where it does not know associations.
    pub(crate) fn associations(
        &self,
        cluster: Option<&str>,
        topic: &str,
        side: Side,
        deadline: Instant,
    ) -> Answer<Vec<String>> {
        let (cluster, topic) = (segment(cluster.unwrap_or("-")), segment(topic));
        let path = format!("/associations/resources/{cluster}/{topic}?resourceType=topic&associationType={side}");
        match self.ask::<Vec<Association>>(&Request::get(path), deadline) {
            Ok(found) => Ok(found.into_iter().filter_map(|association| association.subject).collect()),
            Err(error) if error.status() == Some(404) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
