//! Which request is which question to the store, and what its faults make of it.

use super::http::{Request, Response};
use super::store::{Body, Refusal, Subject};
use super::{Effect, State, lock};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

const JSON: &str = "application/vnd.schemaregistry.v1+json";

/// Answers, and writes down what was asked.
pub(crate) fn answer(state: &Mutex<State>, request: &Request) -> Response {
    let mut state = lock(state);
    let response = match state.strike(&request.target) {
        None => respond(state.permitted(request)),
        Some(Effect::Late(delay)) => Response { delay, ..respond(state.permitted(request)) },
        Some(effect) => faulty(effect),
    };
    let status = if response.close { "closed".into() } else { response.status.to_string() };
    state.requests.push(format!("{} {} {status}", request.method, request.target));
    response
}

impl State {
    /// The fault that this path meets.
    fn strike(&mut self, target: &str) -> Option<Effect> {
        let fault = self.faults.iter_mut().find(|fault| fault.times > 0 && target.starts_with(&fault.path))?;
        fault.times -= 1;
        Some(fault.effect.clone())
    }

    fn permitted(&mut self, request: &Request) -> Result<Value, Refusal> {
        if self.authorization.is_some() && self.authorization != request.authorization {
            return Err((401, 401, "Unauthorized".into()));
        }
        self.route(request)
    }

    fn route(&mut self, request: &Request) -> Result<Value, Refusal> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let query: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        let mut segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let mut context = "";
        if let ["contexts", named, ..] = segments[..] {
            context = named.strip_prefix('.').unwrap_or(named);
            segments.drain(..2);
        }
        let flag = |name: &str| query.iter().any(|(other, value)| other == name && value == "true");
        let value = |name: &str| query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let subject = |text: &str| Subject::parse(text, context);
        let store = &mut self.store;
        match (request.method.as_str(), &segments[..]) {
            ("GET", ["schemas", "types"]) => Ok(json!(["JSON", "PROTOBUF", "AVRO"])),
            ("POST", ["subjects", name, "versions"]) => {
                store.register(&subject(name), body(request)?, flag("normalize"))
            }
            ("POST", ["subjects", name]) => store.look_up(&subject(name), &body(request)?, flag("normalize")),
            ("GET", ["subjects", name, "versions", number]) => store.version(&subject(name), version(number)?),
            ("GET", ["subjects", name, "metadata"]) => {
                let all = |name: &str| {
                    query
                        .iter()
                        .filter(move |(other, _)| other == name)
                        .map(|(_, value)| value.clone())
                        .collect::<Vec<_>>()
                };
                let wanted: BTreeSet<_> = all("key").into_iter().zip(all("value")).collect();
                store.by_metadata(&subject(name), &wanted)
            }
            ("GET", ["schemas", "ids", id]) => {
                let place = value("subject").map_or_else(|| context.to_owned(), |name| subject(name).context);
                let id = id.parse().map_err(|_| (404, 404, "HTTP 404 Not Found".to_owned()))?;
                store.by_id(&place, id)
            }
            ("GET", ["schemas", "guids", guid]) => store.by_guid(guid),
            ("POST", ["compatibility", "subjects", name, "versions", number]) => {
                let messages = store.differences(&subject(name), version(number)?, &body(request)?)?;
                Ok(json!({ "is_compatible": messages.is_empty(), "messages": messages }))
            }
            ("GET", ["config", name]) => Ok(json!({ "compatibilityLevel": store.level(&subject(name)) })),
            ("PUT", ["config", name]) => {
                let level = field(request, "compatibility")?;
                store.levels.insert((*name).into(), level.clone());
                Ok(json!({ "compatibility": level }))
            }
            ("GET", ["mode", name]) => {
                let mode = store.modes.get(*name).map_or("READWRITE", String::as_str);
                Ok(json!({ "mode": mode }))
            }
            ("PUT", ["mode", name]) => {
                let mode = field(request, "mode")?;
                store.modes.insert((*name).into(), mode.clone());
                Ok(json!({ "mode": mode }))
            }
            ("GET", ["associations", "resources", _, topic]) => {
                let side = value("associationType").unwrap_or_default().to_owned();
                let found = store.associations.get(&((*topic).to_owned(), side)).cloned().unwrap_or_default();
                Ok(found.into_iter().map(|subject| json!({ "subject": subject })).collect())
            }
            _ => Err((404, 404, "HTTP 404 Not Found".into())),
        }
    }
}

fn body(request: &Request) -> Result<Body, Refusal> {
    serde_json::from_str(&request.body).map_err(|error| (422, 42201, format!("Unrecognized body: {error}")))
}

fn field(request: &Request, name: &str) -> Result<String, Refusal> {
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let text = body.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| (422, 42203, format!("{name} is missing")))
}

fn version(text: &str) -> Result<Option<u32>, Refusal> {
    if text == "latest" {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| (422, 42202, format!("The specified version '{text}' is not a valid version id.")))
}

fn respond(outcome: Result<Value, Refusal>) -> Response {
    let (status, body) = match outcome {
        Ok(value) => (200, value),
        Err((status, code, message)) => (status, json!({ "error_code": code, "message": message })),
    };
    response(status, JSON, body.to_string())
}

fn faulty(effect: Effect) -> Response {
    let refusal = |status: u16| {
        response(status, JSON, json!({ "error_code": u32::from(status) * 100, "message": "a fault" }).to_string())
    };
    match effect {
        Effect::Status(status) => refusal(status),
        Effect::RetryAfter(status, seconds) => {
            Response { headers: vec![("retry-after", seconds.to_string())], ..refusal(status) }
        }
        Effect::Html(status) => response(status, "text/html", "<html><body><h1>Welcome</h1></body></html>".into()),
        Effect::Empty(status) => response(status, JSON, String::new()),
        Effect::Body(status, body) => response(status, JSON, body),
        Effect::Redirect(to) => Response { headers: vec![("location", to)], ..response(302, JSON, String::new()) },
        Effect::Late(delay) => Response { delay, ..refusal(500) },
        Effect::Close => Response { close: true, ..refusal(500) },
    }
}

fn response(status: u16, content_type: &'static str, body: String) -> Response {
    Response { status, content_type, headers: Vec::new(), body, delay: Duration::ZERO, close: false }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| first == b'%').and_then(|digits| str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
