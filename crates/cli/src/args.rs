//! The command line: what can be asked for, and the help that says so.

use crate::exit::Exit;
use crate::lines::unescape;
use crate::schema::choice::SchemaChoice;
use crate::schema::parse_reference;
use crate::source::CHUNK_BYTES;
use clap::{Args, Parser, Subcommand, ValueEnum};
use milena_schema::schema::Reference;
use std::path::PathBuf;
use std::time::Duration;

/// Records from files and pipes into Apache Kafka.
#[derive(Debug, Parser)]
#[command(name = "milena", version, about, after_help = Exit::HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send each line of files, or of standard input, as a record to a topic.
    #[command(after_help = SETTINGS, after_long_help = produce_help())]
    Produce(Box<ProduceArgs>),
    /// Serve a Kafka cluster for development, in memory, until Ctrl-C. A partition keeps its latest 64 MiB.
    Dev(DevArgs),
    /// Schemas in a registry: register one, check whether one may follow, pull some into a lock file.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// The settings of a producer: what there is, and what each means.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ProduceArgs {
    /// Where the records go.
    pub(crate) topic: String,

    /// Files to read, in this order; `-` is standard input, and what is read when none is named.
    #[arg(value_name = "FILE")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Brokers to begin with, `host:port` with commas between. Without any, here or as a property, a cluster for
    /// development is started inside this process and ends with it.
    #[arg(short, long, value_name = "HOST:PORT,…")]
    pub(crate) bootstrap_server: Option<String>,

    /// A setting by its name in Java's producer; may repeat, and wins over --config.
    #[arg(short = 'X', long = "property", value_name = "NAME=VALUE")]
    pub(crate) properties: Vec<String>,

    /// A Java properties file with settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// What a line is.
    #[arg(long, value_enum, default_value = "lines")]
    pub(crate) input: InputForm,

    /// Values are JSON, written by this schema: avro:FILE, json:FILE or protobuf:FILE#MESSAGE (registered under the topic's
    /// subject, unless auto.register.schemas=false; what they refer to may stand in files beside), subject:NAME (its latest),
    /// id:N. The registry is schema.registry.url.
    #[arg(long, value_name = "SCHEMA")]
    pub(crate) value_schema: Option<SchemaChoice>,

    /// The same for keys.
    #[arg(long, value_name = "SCHEMA")]
    pub(crate) key_schema: Option<SchemaChoice>,

    /// What the values' schema in a file refers to, registered already; may repeat.
    #[arg(long = "value-reference", value_name = "NAME=SUBJECT:VERSION", value_parser = parse_reference, requires = "value_schema")]
    pub(crate) value_references: Vec<Reference>,

    /// The same for keys.
    #[arg(long = "key-reference", value_name = "NAME=SUBJECT:VERSION", value_parser = parse_reference, requires = "key_schema")]
    pub(crate) key_references: Vec<Reference>,

    /// Schemas come from this file, which `milena schema pull` writes, and no registry is asked.
    #[arg(long, value_name = "FILE")]
    pub(crate) schema_lock: Option<PathBuf>,

    /// Read and encode everything, and send nothing. A schema from a file is not registered.
    #[arg(long)]
    pub(crate) validate: bool,

    /// Stands between key and value, at its first place in the line; a line without it is an error. \t \n \r \0 \\ and
    /// \xHH stand for bytes. Without it the line is the value and there is no key.
    #[arg(long, value_name = "TEXT", value_parser = parse_bytes)]
    pub(crate) key_separator: Option<Bytes>,

    /// A key or a value that is exactly this is null, which is not the same as empty.
    #[arg(long, value_name = "TEXT", value_parser = parse_bytes)]
    pub(crate) null_marker: Option<Bytes>,

    /// Lines end in CR LF: the CR is not part of the value.
    #[arg(long)]
    pub(crate) crlf: bool,

    /// An empty line is no record. Otherwise it is one with an empty value, so that records are what `wc -l` counts.
    #[arg(long)]
    pub(crate) skip_empty: bool,

    /// Longest line, bytes. A longer one is an error and is passed over.
    #[arg(long, value_name = "BYTES", default_value_t = 64 * CHUNK_BYTES, value_parser = parse_at_least_one)]
    pub(crate) max_line_bytes: usize,

    /// Append what failed to this file, one JSON object a line, which `--input json` takes again.
    #[arg(long, value_name = "FILE")]
    pub(crate) dead_letter: Option<PathBuf>,

    /// Bytes of lines that may be kept for the dead letters until their records are acknowledged; reading waits above it.
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024 * 1024, value_parser = parse_at_least_one)]
    pub(crate) dead_letter_memory: usize,

    /// Stop reading at the first line or record that fails. Otherwise the run goes on to the end of the input.
    #[arg(long)]
    pub(crate) fail_fast: bool,

    /// How long the first Ctrl-C waits for what was accepted to be acknowledged, seconds. A second one stops at once.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub(crate) interrupt_timeout: Duration,

    /// Print the summary as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,

    /// Print errors only (and, with --json, the summary).
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Tell what the producer does: connections, leaders, retries.
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputForm {
    /// Text: a value, or a key and a value with --key-separator.
    Lines,
    /// A JSON object a line.
    Json,
}

/// Bytes that were typed with escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// How many brokers.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) brokers: u16,

    /// Port of the first broker, on 127.0.0.1; the others take the next ones. 0 takes free ones.
    #[arg(long, default_value_t = 9092)]
    pub(crate) port: u16,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Register a schema under a subject; one that is there already keeps its id.
    #[command(after_help = SCHEMA_EXIT)]
    Register {
        #[command(flatten)]
        to: SchemaTo,
        /// Schemas that mean the same are the same.
        #[arg(long)]
        normalize: bool,
    },
    /// Say whether a schema may follow those of a subject, with the registry's own list of differences.
    #[command(after_help = SCHEMA_EXIT)]
    Check {
        #[command(flatten)]
        to: SchemaTo,
        /// Against this version in place of the latest.
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
    /// Write the latest schemas of subjects, and all that they refer to, into a lock file.
    #[command(after_help = SCHEMA_EXIT)]
    Pull {
        /// The subjects; without any, those that the file has.
        subjects: Vec<String>,
        /// The file.
        #[arg(long, value_name = "FILE", default_value = "schemas.lock")]
        lock: PathBuf,
        #[command(flatten)]
        settings: SettingArgs,
    },
}

/// A schema and the subject that it is for.
#[derive(Debug, Args)]
pub(crate) struct SchemaTo {
    /// The subject, such as orders-value.
    pub(crate) subject: String,

    /// avro:FILE, json:FILE or protobuf:FILE. What it refers to may stand in files beside it: an Avro type in one of its
    /// name, what a Protobuf file imports at its path.
    pub(crate) schema: SchemaChoice,

    /// What the schema refers to, registered already; may repeat.
    #[arg(long = "reference", value_name = "NAME=SUBJECT:VERSION", value_parser = parse_reference)]
    pub(crate) references: Vec<Reference>,

    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

/// Where the registry is.
#[derive(Debug, Args)]
pub(crate) struct SettingArgs {
    /// URLs of the registry, with commas between.
    #[arg(short, long, value_name = "URL,…")]
    pub(crate) registry: Option<String>,

    /// A setting by its name in Java's serializers; may repeat, and wins over --config.
    #[arg(short = 'X', long = "property", value_name = "NAME=VALUE")]
    pub(crate) properties: Vec<String>,

    /// A Java properties file with settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What the schema commands' exit statuses say.
const SCHEMA_EXIT: &str = "\
Exit status:
  0  done; compatible
  1  not compatible
  2  wrong arguments, a schema that does not parse, or the registry refused
  4  the registry could not be reached";

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Every setting with its default, one a line.
    List,
    /// What a setting does and trades, its default and its range; without a name, all of them.
    Explain {
        /// Its name in Java's producer.
        knob: Option<String>,
    },
}

fn parse_bytes(text: &str) -> Result<Bytes, String> {
    unescape(text).map(Bytes)
}

fn parse_at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|bytes| *bytes > 0).ok_or_else(|| "must be a whole number, 1 or more".into())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "must be a number")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "must be a number of seconds, 0 or more".into())
}

/// Where the settings are, at the end of the short help and of the long one.
const SETTINGS: &str = "\
Settings:
  -X NAME=VALUE takes every setting of Java's producer. `milena config list` prints them,
  `milena config explain NAME` says what one does and trades.";

fn produce_help() -> String {
    format!("{INPUT}\n\n{FAILURES}\n\n{}\n\n{SETTINGS}\n{DEPARTURES}", Exit::HELP)
}

const INPUT: &str = r#"JSON lines (--input json), one object a line:
  {"key": "42", "value": "hello", "headers": [["trace", "abc"]],
   "timestamp": 1700000000000, "partition": 0}
  A string is sent as its characters in UTF-8; any other value as its own text, exactly as it
  stands in the line. null is null, which is not empty. A key may be missing; a value may not:
  a tombstone is "value": null.
  Bytes that are not UTF-8: "key_base64", "value_base64", and {"name": …, "value_base64": …}
  among the headers. base64 passes key.serializer and value.serializer unchanged.
  Headers keep order and duplicates; {"name": "value", …} is taken too, while no name repeats.
  A field that is not known is an error. Blank lines are passed over."#;

const FAILURES: &str = r#"Failures:
  A line that is no record, and a record that fails, do not stop the run (--fail-fast does).
  The first ten are told, all are counted, and all are in the dead letters, with "error",
  "source" (file and line) and "written": "no" is certain; "maybe" means that to send it again
  may duplicate it. In the summary these are failed and unknown.
  A line that is no record is kept as "rejected_line", which no input takes until someone has
  corrected it. Of a line longer than --max-line-bytes the first 1,024 bytes are kept.
  When the cluster or the topic cannot be used the run stops; with --dead-letter the rest of the
  input goes there."#;

const DEPARTURES: &str = "\
  key.serializer and value.serializer read a line's text as that type.
  Unless set, max.block.ms is 15000 here, and client.id is milena.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_dash_and_files_are_inputs() {
        let cli = Cli::try_parse_from(["milena", "produce", "orders", "a.txt", "-", "-b", "h:1", "-Xacks=1"]).unwrap();
        let Command::Produce(args) = cli.command else { panic!("produce") };
        assert_eq!(args.inputs, [PathBuf::from("a.txt"), PathBuf::from("-")]);
        assert_eq!(args.properties, ["acks=1"]);
        assert_eq!(args.max_line_bytes, 16 * 1024 * 1024);
    }
}
