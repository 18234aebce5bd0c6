//! `milena schema`: schemas registered, checked, and pulled into a lock file.

pub(crate) mod any;
pub(crate) mod choice;
mod file;
pub(crate) mod records;

use crate::args::{SchemaCommand, SchemaTo, SettingArgs};
use crate::console::{Console, result};
use crate::exit::Exit;
use crate::settings::Given;
use milena_schema::lock::Lock;
use milena_schema::registry::block_on;
use milena_schema::schema::Reference;
use milena_schema::{Guid, Registry, RegistryError, Resolved, Schema};
use std::path::Path;
use std::sync::Arc;

type Refused = (Exit, String);

/// Runs `milena schema …`.
pub(crate) fn run(command: &SchemaCommand) -> Exit {
    let ended = match command {
        SchemaCommand::Register { to, normalize } => register(to, *normalize),
        SchemaCommand::Check { to, version } => check(to, *version),
        SchemaCommand::Pull { subjects, lock, settings } => pull(subjects, lock, settings),
    };
    ended.unwrap_or_else(|(exit, text)| {
        let console = Console::new(false);
        text.lines().for_each(|line| console.error(line));
        exit
    })
}

fn register(to: &SchemaTo, normalize: bool) -> Result<Exit, Refused> {
    let registry = connect(&to.settings)?;
    let schema = own_schema(to, &registry)?;
    let registered = block_on(registry.register(&to.subject, schema, normalize)).map_err(refused)?;
    result(place(&registered));
    Ok(Exit::Acknowledged)
}

fn check(to: &SchemaTo, version: Option<u32>) -> Result<Exit, Refused> {
    let registry = connect(&to.settings)?;
    let schema = own_schema(to, &registry)?;
    let judged = block_on(registry.compatibility(&to.subject, version, schema)).map_err(refused)?;
    let against = version.map_or_else(|| "its latest version".into(), |version| format!("version {version}"));
    if judged.is_compatible {
        result(format_args!("compatible with {against} of {}", to.subject));
        return Ok(Exit::Acknowledged);
    }
    result(format_args!("not compatible with {against} of {}", to.subject));
    match &judged.messages[..] {
        [] => result("the registry gives no list of differences; registering is refused with one"),
        messages => messages.iter().for_each(result),
    }
    Ok(Exit::Failed)
}

fn pull(subjects: &[String], lock_path: &Path, settings: &SettingArgs) -> Result<Exit, Refused> {
    let named = |error: &dyn std::fmt::Display| (Exit::Usage, format!("{}: {error}", lock_path.display()));
    let mut lock = match std::fs::read(lock_path) {
        Ok(text) => Lock::parse(text).map_err(|error| named(&error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lock::default(),
        Err(error) => return Err(named(&error)),
    };
    let mut wanted = subjects.to_vec();
    if wanted.is_empty() {
        // All that the file has, anew.
        wanted = lock.schemas().iter().map(|locked| locked.subject.clone()).collect();
        wanted.dedup();
    }
    if wanted.is_empty() {
        return Err((Exit::Usage, format!("name a subject: {} has none yet", lock_path.display())));
    }
    let registry = connect(settings)?;
    for subject in &wanted {
        let resolved = block_on(registry.latest(subject)).map_err(refused)?;
        add(&registry, &mut lock, &resolved)?;
        result(place(&resolved));
    }
    std::fs::write(lock_path, lock.to_text()).map_err(|error| named(&error))?;
    Ok(Exit::Acknowledged)
}

/// Adds a schema and all that it refers to: a lock file stands by itself.
fn add(registry: &Registry, lock: &mut Lock, resolved: &Resolved) -> Result<(), Refused> {
    for reference in &resolved.schema.references {
        if let Some(version) = reference.version {
            let behind = block_on(registry.version(&reference.subject, version)).map_err(refused)?;
            add(registry, lock, &behind)?;
        }
    }
    lock.add(resolved).map_err(|text| (Exit::Usage, text))
}

fn own_schema(to: &SchemaTo, registry: &Registry) -> Result<Schema, Refused> {
    let references = records::with_texts(registry, &to.references)?;
    let format = records::format(&to.schema, &references).map_err(|text| (Exit::Usage, text))?;
    let in_file = "the schema must be in a file: avro:FILE, json:FILE or protobuf:FILE";
    format.own.ok_or_else(|| (Exit::Usage, in_file.to_owned()))
}

fn connect(settings: &SettingArgs) -> Result<Registry, Refused> {
    let usage = |text| (Exit::Usage, text);
    let mut given = Given::default();
    if let Some(path) = &settings.config {
        given.read_file(path).map_err(usage)?;
    }
    settings.properties.iter().try_for_each(|property| given.read_property(property)).map_err(usage)?;
    if let Some(url) = &settings.registry {
        given.set("schema.registry.url", url, "--registry");
    }
    given.registry().map_err(usage)
}

/// `NAME=SUBJECT:VERSION`.
pub(crate) fn parse_reference(text: &str) -> Result<Reference, String> {
    let form = "write it as NAME=SUBJECT:VERSION";
    let (name, place) = text.split_once('=').ok_or(form)?;
    let (subject, version) = place.rsplit_once(':').ok_or(form)?;
    let version = version.parse().map_err(|_| form)?;
    Ok(Reference { name: name.into(), subject: subject.into(), version: Some(version), schema: None })
}

fn place(resolved: &Arc<Resolved>) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "unknown".into(), |number| number.to_string());
    let guid = resolved.guid.map_or_else(String::new, |guid| format!(", guid {}", Guid::new(guid)));
    let subject = resolved.subject.as_deref().unwrap_or("no subject");
    format!("{subject}: id {}, version {}{guid}", number(resolved.id), number(resolved.version))
}

fn refused(error: RegistryError) -> Refused {
    (if error.is_retriable() { Exit::Unreachable } else { Exit::Usage }, error.to_string())
}
