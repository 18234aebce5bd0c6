//! `milena produce`: everything that can be found wrong before anything is sent, and then the run.

use crate::args::{InputForm, ProduceArgs};
use crate::console::Console;
use crate::dead_letter;
use crate::dev;
use crate::exit::Exit;
use crate::format::{Format, Shape, Writer};
use crate::lines::Lines;
use crate::log;
use crate::run::Run;
use crate::schema::records::{self, SchemaWriter};
use crate::settings::Given;
use crate::source::Input;
use crate::validate;
use memchr::memmem::Finder;
use milena::blocking::Producer;
use milena::knobs::SerializerName;
use std::fs::File;
use std::sync::Arc;

/// Runs `milena produce`.
pub(crate) fn run(args: &ProduceArgs) -> Exit {
    let console = Arc::new(Console::new(args.quiet));
    log::start(&console, args.verbose);
    let ended = Prepared::new(args).and_then(|prepared| prepared.run(args, &console));
    ended.unwrap_or_else(|(exit, text)| {
        text.lines().for_each(|line| console.error(line));
        exit
    })
}

/// Everything that can be found wrong before anything is started or sent.
struct Prepared {
    inputs: Vec<Input>,
    settings: Given,
    format: Arc<Format>,
    dead_letters: Option<File>,
}

type Refused = (Exit, String);

impl Prepared {
    fn new(args: &ProduceArgs) -> Result<Self, Refused> {
        let usage = |text| (Exit::Usage, text);
        let mut settings = given(args).map_err(usage)?;
        let started_inside = !settings.has_bootstrap_servers();
        if started_inside {
            // Only for the check: the address is known when the cluster is up.
            settings.set("bootstrap.servers", "127.0.0.1:1", "");
        }
        let checked = settings.check().map_err(usage)?;
        if started_inside {
            settings.remove("bootstrap.servers");
        }
        let shape = shape(args).map_err(usage)?;
        let schemas = records::bind(args, &settings, checked.config.max_block)?;
        let format = Arc::new(Format {
            shape,
            key: writer(schemas.key, checked.key_serializer),
            value: writer(schemas.value, checked.value_serializer),
        });
        let mut inputs: Vec<_> = args.inputs.iter().cloned().map(Input::from_argument).collect();
        if inputs.is_empty() {
            inputs.push(Input::Stdin);
        }
        for input in &inputs {
            input.check().map_err(|error| (Exit::BadInput, format!("{}: {error}", input.name())))?;
        }
        let dead_letters = open_dead_letters(args, &inputs).map_err(usage)?;
        Ok(Self { inputs, settings, format, dead_letters })
    }

    fn run(self, args: &ProduceArgs, console: &Arc<Console>) -> Result<Exit, Refused> {
        let Self { inputs, mut settings, format, dead_letters } = self;
        if args.validate {
            return Ok(validate::run(args, console, inputs, &format));
        }
        let cluster = if settings.has_bootstrap_servers() {
            None
        } else {
            let cluster = dev::start(1, 0).map_err(|text| (Exit::Unreachable, text))?;
            settings.set("bootstrap.servers", &cluster.bootstrap_servers(), "");
            let address = cluster.bootstrap_servers();
            console.note(format_args!(
                "no bootstrap server given: a cluster for development runs inside this process, at {address}, and ends with it"
            ));
            Some(cluster)
        };
        if inputs.iter().any(Input::is_typed) {
            console.note("each line that is typed is a record; Ctrl-D ends");
        }
        let producer: Producer = milena::Producer::from_properties(settings.pairs())
            .map_err(|error| (Exit::Usage, error.to_string()))?
            .into();
        let run = Run::start(args, console, inputs, format, dead_letters, producer)
            .map_err(|error| (Exit::Usage, format!("signals cannot be watched: {error}")))?;
        let exit = run.go();
        drop(cluster);
        Ok(exit)
    }
}

fn writer(schema: Option<SchemaWriter>, plain: SerializerName) -> Writer {
    schema.map_or(Writer::Plain(plain), |schema| Writer::Schema(Box::new(schema)))
}

fn given(args: &ProduceArgs) -> Result<Given, String> {
    let mut settings = Given::default();
    if let Some(path) = &args.config {
        settings.read_file(path)?;
    }
    args.properties.iter().try_for_each(|property| settings.read_property(property))?;
    if let Some(servers) = &args.bootstrap_server {
        settings.set("bootstrap.servers", servers, "--bootstrap-server");
    }
    // A file made for Java names its serializers for schemas here.
    for (knob, schema) in [("key.serializer", &args.key_schema), ("value.serializer", &args.value_schema)] {
        if schema.is_some() {
            settings.remove(knob);
        }
    }
    Ok(settings)
}

fn shape(args: &ProduceArgs) -> Result<Shape, String> {
    let lines_only = [
        ("--key-separator", args.key_separator.is_some()),
        ("--null-marker", args.null_marker.is_some()),
        ("--crlf", args.crlf),
        ("--skip-empty", args.skip_empty),
    ];
    match args.input {
        InputForm::Lines => Ok(Shape::Lines(Box::new(Lines {
            key_separator: args.key_separator.as_ref().map(|separator| Finder::new(&separator.0).into_owned()),
            null_marker: args.null_marker.as_ref().map(|marker| marker.0.clone()),
            crlf: args.crlf,
            skip_empty: args.skip_empty,
        }))),
        InputForm::Json => match lines_only.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(format!("{flag} is for --input lines: JSON lines name keys and nulls themselves")),
            None => Ok(Shape::Json),
        },
    }
}

fn open_dead_letters(args: &ProduceArgs, inputs: &[Input]) -> Result<Option<File>, String> {
    let Some(path) = &args.dead_letter else { return Ok(None) };
    let name = path.display();
    let file = dead_letter::open(path).map_err(|error| format!("--dead-letter {name}: {error}"))?;
    let same = |input: &Input| matches!(input, Input::File(other) if is_same_file(other, path));
    if inputs.iter().any(same) {
        return Err(format!("--dead-letter {name} is also an input: it would be read while it grows"));
    }
    Ok(Some(file))
}

fn is_same_file(one: &std::path::Path, other: &std::path::Path) -> bool {
    let is_file = one.metadata().is_ok_and(|metadata| metadata.is_file());
    is_file && one.canonicalize().ok() == other.canonicalize().ok()
}
