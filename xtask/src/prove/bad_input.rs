//! What people get wrong, and what they are told: an exit status and a sentence for each.

use super::milena::Milena;
use super::report::Report;
use crate::kafka::{Cluster, CreateTopic, Life, Shape, create_topic};
use crate::workspace::target;
use anyhow::{Result, ensure};
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::thread;

/// One mistake.
struct Case {
    name: &'static str,
    /// After `milena produce`. KAFKA stands for the broker's address, CLOSED for one where nobody listens, and WEB for a
    /// web server's.
    arguments: &'static str,
    input: &'static str,
    exit: i32,
    /// What the message must hold.
    says: &'static [&'static str],
}

impl Case {
    const fn new(
        name: &'static str,
        arguments: &'static str,
        input: &'static str,
        exit: i32,
        says: &'static [&'static str],
    ) -> Self {
        Self { name, arguments, input, exit, says }
    }
}

/// Exit statuses: 1 records failed, 2 nothing was sent, 3 some input was no record, 4 the cluster or topic is no use.
const CASES: &[Case] = &[
    Case::new("no topic", "", "", 2, &["<TOPIC>"]),
    Case::new("a flag that is not there", "t --brokers KAFKA", "", 2, &["--brokers"]),
    Case::new("a setting that is not there", "t -b KAFKA -X ackz=1", "", 2, &["ackz", "did you mean acks"]),
    Case::new("a setting without a value", "t -b KAFKA -X acks", "", 2, &["-X acks", "NAME=VALUE"]),
    Case::new("a word where a number belongs", "t -b KAFKA -X linger.ms=soon", "", 2, &["linger.ms", "soon"]),
    Case::new("a number out of its range", "t -b KAFKA -X batch.size=-1", "", 2, &["batch.size", "-1"]),
    Case::new(
        "a codec that is not there",
        "t -b KAFKA -X compression.type=brotli",
        "",
        2,
        &["compression.type", "zstd"],
    ),
    Case::new(
        "idempotence without all acks",
        "t -b KAFKA -X enable.idempotence=true -X acks=1",
        "",
        2,
        &["acks", "idempoten"],
    ),
    Case::new(
        "a delivery time-out below the request's",
        "t -b KAFKA -X delivery.timeout.ms=1000 -X request.timeout.ms=30000",
        "",
        2,
        &["delivery.timeout.ms", "request.timeout.ms"],
    ),
    Case::new("an address without a port", "t -b localhost", "", 2, &["bootstrap.servers", "localhost"]),
    Case::new("a settings file that is not there", "t -b KAFKA --config gone.properties", "", 2, &["gone.properties"]),
    Case::new(
        "a setting that is not there, in a file",
        "t -b KAFKA --config bad.properties",
        "",
        2,
        &["bad.properties", "lingr.ms"],
    ),
    Case::new("a key separator for JSON", "t -b KAFKA --input json --key-separator :", "", 2, &["--key-separator"]),
    Case::new(
        "dead letters where nothing can be",
        "t -b KAFKA --dead-letter gone/dead.jsonl",
        "",
        2,
        &["gone/dead.jsonl"],
    ),
    Case::new("an input file that is not there", "t gone.txt -b KAFKA", "", 3, &["gone.txt"]),
    Case::new("a folder as input", "t folder -b KAFKA", "", 3, &["folder", "directory"]),
    Case::new("a line without its separator", "t -b KAFKA --key-separator :", "a:1\nb2\nc:3\n", 3, &["2", "separator"]),
    Case::new(
        "a line that is too long",
        "t -b KAFKA --max-line-bytes 8",
        "short\nlonger than 8\n",
        3,
        &["--max-line-bytes"],
    ),
    Case::new(
        "broken JSON",
        "t -b KAFKA --input json",
        "{\"value\":1}\n{\"value\":\n",
        3,
        &["2", "not valid", "column"],
    ),
    Case::new("JSON that is no object", "t -b KAFKA --input json", "[1]\n", 3, &["not a JSON object"]),
    Case::new("JSON without a value", "t -b KAFKA --input json", "{\"key\":\"k\"}\n", 3, &["value is missing"]),
    Case::new("JSON with a field misspelled", "t -b KAFKA --input json", "{\"vaule\":1}\n", 3, &["vaule"]),
    Case::new(
        "a timestamp before 1970",
        "t -b KAFKA --input json",
        "{\"value\":1,\"timestamp\":-5}\n",
        3,
        &["timestamp"],
    ),
    Case::new("a negative partition", "t -b KAFKA --input json", "{\"value\":1,\"partition\":-1}\n", 3, &["partition"]),
    Case::new("bad base64", "t -b KAFKA --input json", "{\"value_base64\":\"A\"}\n", 3, &["base64"]),
    Case::new(
        "text for a number's serializer",
        "t -b KAFKA -X value.serializer=LongSerializer",
        "12\ntwelve\n",
        3,
        &["twelve", "LongSerializer"],
    ),
    Case::new(
        "a record above max.request.size",
        "t -b KAFKA -X max.request.size=100",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n",
        1,
        &["max.request.size"],
    ),
    Case::new(
        "a record above the topic's limit",
        "small -b KAFKA",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n",
        1,
        &["MESSAGE_TOO_LARGE"],
    ),
    Case::new("no key on a compacted topic", "compacted -b KAFKA", "v\n", 1, &["INVALID_RECORD"]),
    Case::new(
        "a timestamp that the topic refuses",
        "recent -b KAFKA --input json",
        "{\"value\":1,\"timestamp\":1000}\n",
        1,
        &["INVALID_TIMESTAMP"],
    ),
    Case::new(
        "a partition that the topic has not",
        "t -b KAFKA --input json -X max.block.ms=1500",
        "{\"value\":1,\"partition\":9}\n",
        1,
        &["partition 9", "partition count 1"],
    ),
    Case::new(
        "a topic that is not there",
        "gone -b KAFKA -X max.block.ms=1500",
        "v\n",
        4,
        &["topic gone", "UNKNOWN_TOPIC_OR_PARTITION"],
    ),
    Case::new(
        "a name that no topic can have",
        "a/b -b KAFKA -X max.block.ms=1500",
        "v\n",
        4,
        &["a/b", "INVALID_TOPIC"],
    ),
    Case::new("nobody at the address", "t -b CLOSED -X max.block.ms=1500", "v\n", 4, &["CLOSED", "refused"]),
    Case::new("a web server at the address", "t -b WEB -X max.block.ms=1500", "v\n", 4, &["WEB"]),
];

pub(crate) fn run(milena: &Milena) -> Result<()> {
    let kafka = Cluster::start(Shape { name: "prove".into(), ..Shape::default() }, Life::Scoped)?;
    let bootstrap = kafka.bootstrap();
    let topics = [
        ("t", None),
        ("small", Some("max.message.bytes=100")),
        ("compacted", Some("cleanup.policy=compact")),
        ("recent", Some("message.timestamp.before.max.ms=60000")),
    ];
    for (topic, setting) in topics {
        let config = setting.into_iter().map(str::to_owned).collect();
        create_topic(&bootstrap, &CreateTopic { topic: topic.into(), partitions: 1, replication_factor: 1, config })?;
    }
    let folder = target().join("proofs/bad-input");
    fs::create_dir_all(folder.join("folder"))?;
    fs::write(folder.join("bad.properties"), "acks=all\nlingr.ms=5\n")?;
    let addresses = [("KAFKA", bootstrap), ("CLOSED", closed()?), ("WEB", web_server()?)];

    let mut report = Report::begin("bad-input", &["mistake", "exit status", "says"]);
    for case in CASES {
        let mut milena = milena.command();
        milena.arg("produce").current_dir(&folder);
        let (verdict, exit, said) = try_case(case, milena, &addresses)?;
        report.row(&[&case.name, &exit, &said], verdict);
    }
    report.end()
}

/// The verdict, the exit status, and the line that tells the mistake.
fn try_case(case: &Case, mut milena: Command, addresses: &[(&str, String)]) -> Result<(Result<()>, String, String)> {
    let filled = |text: &str| addresses.iter().fold(text.to_owned(), |text, (word, at)| text.replace(word, at));
    milena.args(filled(case.arguments).split_whitespace());
    let Output { status, stdout, stderr } = run_with_input(milena, case.input)?;
    let said = String::from_utf8_lossy(&[stderr, stdout].concat()).into_owned();
    let exit = status.code().map_or_else(|| status.to_string(), |code| code.to_string());
    let verdict = judge(case, status.code(), &said, &filled);
    // Warnings may come first; the sentence about the mistake is the error.
    let line = said.lines().find(|line| line.starts_with("error:")).or_else(|| said.lines().next());
    Ok((verdict, exit, line.unwrap_or_default().replace('|', "\\|")))
}

fn judge(case: &Case, exit: Option<i32>, said: &str, filled: &dyn Fn(&str) -> String) -> Result<()> {
    ensure!(exit == Some(case.exit), "exit status {} was expected; it said: {}", case.exit, in_one_line(said));
    for word in case.says {
        let word = filled(word);
        ensure!(said.contains(&word), "{word:?} is not in what it said: {}", in_one_line(said));
    }
    Ok(())
}

fn in_one_line(said: &str) -> String {
    said.trim().replace('\n', " / ")
}

fn run_with_input(mut command: Command, input: &str) -> Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // Refused arguments end the command before it reads.
        stdin.write_all(input.as_bytes()).ok();
    }
    Ok(child.wait_with_output()?)
}

/// An address that was free a moment ago.
fn closed() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// A server that answers everything with a page, until this process ends.
fn web_server() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            connection.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").ok();
        }
    });
    Ok(address)
}
