//! Who takes part: ourselves in our ways, and our rivals, each as its authors advise.

use std::path::Path;

/// A client in one of its ways.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// As the tables call it.
    pub name: &'static str,
    /// What runs it.
    pub program: Program,
    /// The way, for clients that have several.
    pub mode: &'static str,
    /// Records to send before it is measured.
    pub warmup: u64,
    /// It is given one record in so many: slow ones need not be measured longer than others.
    pub share: u64,
    /// Nanoseconds that a record of S1 takes about, for the estimate of how long all takes.
    pub ns: f64,
    /// The scenarios that it has a part in.
    pub scenarios: &'static [&'static str],
}

/// How it is run.
#[derive(Debug, Clone)]
pub enum Program {
    /// A program of ours around the client, which takes `name=value` arguments.
    Client {
        /// Without those arguments.
        command: Vec<String>,
        /// The same with an allocator that counts, if there is one.
        counted: Option<Vec<String>>,
    },
    /// A program that makes a record of each line on its input; `{bootstrap}` and `{topic}` stand for those.
    Lines(Vec<String>),
    /// Kafka's ProducerPerformance.
    PerfTool(Vec<String>),
}

impl Contestant {
    /// Whether it has a part in this scenario.
    pub fn takes_part_in(&self, scenario: &str) -> bool {
        self.scenarios.contains(&scenario)
    }
}

/// What the tables call ourselves, in the way that ratios are to.
pub const OURS: &str = "milena send_with";
/// Ourselves in the other ways that something is promised of.
pub const OURS_ALL: &str = "milena send_all_with";
/// A delivery awaited for each record.
pub const OURS_FUTURE: &str = "milena send, a future each";
/// The command line.
pub const OURS_LINES: &str = "milena produce";
/// No client at all.
pub const IDEAL: &str = "ideal";
/// The same with larger batches, where the others take their defaults.
pub const IDEAL_LARGE: &str = "ideal, batches of 1 MiB";
/// The one to beat, in both of its ways.
pub const FRANZ_POOL: &str = "franz-go, pooled records";
/// Records made anew.
pub const FRANZ: &str = "franz-go";
/// The library that most have today, in all its ways.
pub const LIBRDKAFKA: [&str; 5] = [
    "librdkafka, C",
    "librdkafka, C, produce_batch",
    "rdkafka ThreadedProducer",
    "rdkafka BaseProducer",
    RDKAFKA_FUTURE,
];
/// The way of rdkafka that most use.
pub const RDKAFKA_FUTURE: &str = "rdkafka FutureProducer";
/// Kafka's own.
pub const JAVA: &str = "Java kafka-clients";
/// Pure Rust.
pub const KRAFKA: &str = "krafka";
/// The command line that most have today.
pub const KCAT: &str = "kcat";
/// What rpk is made of.
pub const FRANZ_LINES: &str = "franz-go, as rpk reads lines";

/// Everything that a client is asked to do on the cheap broker.
const ALL: &[&str] =
    &["S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "P1", "P2", "P2b", "P3", "A", "R1", "R2", "R3"];
const IDEALLY: &[&str] = &["S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "P1", "P2", "P2b"];
/// Who allocates where nobody counts.
const UNCOUNTED: &[&str] =
    &["S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "P1", "P2", "P2b", "P3", "R1", "R2", "R3"];
/// Ways that differ from another one in how a record is handed over, and nowhere else.
const HAND_OVER: &[&str] = &["S1", "S8"];
const HAND_OVER_COUNTED: &[&str] = &["S1", "S8", "A"];
/// A client that bounds nothing, and orders nothing.
const BARE: &[&str] = &["S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "A"];
const UNBATCHED: &[&str] = &["S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "P1", "P2", "P2b", "P3", "A"];

/// Where the programs are that were built.
#[derive(Debug)]
pub struct Programs<'a> {
    /// The folder of all but these:
    pub folder: &'a Path,
    /// Our command line.
    pub milena: &'a str,
    /// Java's class path, with its own classes and Kafka's jars.
    pub class_path: &'a str,
    /// The rivals that are to take part.
    pub rivals: &'a [String],
}

impl Programs<'_> {
    /// Everybody.
    pub fn contestants(&self) -> Vec<Contestant> {
        let mut all = self.ours();
        for rival in self.rivals {
            match rival.as_str() {
                "franz-go" => all.extend(self.franz_go()),
                "java" => all.extend(self.java()),
                "rdkafka" => all.extend(self.rdkafka()),
                "librdkafka" => all.extend(self.librdkafka()),
                "krafka" => {
                    all.push(Contestant { share: 3, ..self.peer(KRAFKA, "krafka", 1_700.0, UNBATCHED) });
                }
                "rskafka" => {
                    all.push(Contestant {
                        share: 2,
                        ..self.peer("rskafka, batches by hand", "rskafka", 1_000.0, BARE)
                    });
                }
                "kcat" => {
                    let line = "kcat -P -b {bootstrap} -t {topic} -X acks=all -X enable.idempotence=true -X linger.ms=5 \
                                -X queue.buffering.max.messages=200000";
                    all.push(Contestant {
                        share: 3,
                        ..lines(KCAT, line.split(' ').map(str::to_owned).collect(), 1_500.0)
                    });
                }
                _ => {}
            }
        }
        all
    }

    fn program(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A client in Rust, in the program of that name and its counting twin.
    fn rust(&self, name: &'static str, mode: &'static str, ns: f64, scenarios: &'static [&'static str]) -> Contestant {
        let client = if name.starts_with(IDEAL) { "ideal" } else { "milena" };
        let command = |program: &str| vec![self.program(program), client.to_owned()];
        let program = Program::Client { command: command("client"), counted: Some(command("counted")) };
        Contestant { name, program, mode, warmup: 200_000, share: 1, ns, scenarios }
    }

    fn peer(&self, name: &'static str, program: &str, ns: f64, scenarios: &'static [&'static str]) -> Contestant {
        let command = vec![self.program(&format!("bench-{program}"))];
        let counted = Some(vec![self.program(&format!("bench-{program}-counted"))]);
        Contestant {
            name,
            program: Program::Client { command, counted },
            mode: "",
            warmup: 200_000,
            share: 1,
            ns,
            scenarios,
        }
    }

    fn ours(&self) -> Vec<Contestant> {
        let produce = [self.milena, "produce", "{topic}", "-b", "{bootstrap}", "--quiet"].map(str::to_owned).to_vec();
        vec![
            self.rust(IDEAL, "", 100.0, IDEALLY),
            self.rust(IDEAL_LARGE, "large", 100.0, &["P1"]),
            self.rust(OURS, "hook", 300.0, ALL),
            self.rust("milena Topic::send_with", "topic", 300.0, HAND_OVER_COUNTED),
            self.rust(OURS_ALL, "all", 300.0, HAND_OVER_COUNTED),
            self.rust(OURS_FUTURE, "future", 300.0, HAND_OVER_COUNTED),
            self.rust("milena blocking send_with", "blocking", 300.0, HAND_OVER),
            lines(OURS_LINES, produce, 400.0),
        ]
    }

    fn franz_go(&self) -> Vec<Contestant> {
        let franz = |name, mode| {
            let program = Program::Client { command: vec![self.program("franzgo")], counted: None };
            Contestant { name, program, mode, warmup: 500_000, share: 1, ns: 450.0, scenarios: ALL }
        };
        let read =
            [&self.program("franzgo"), "mode=lines", "bootstrap={bootstrap}", "topic={topic}"].map(ToString::to_string);
        vec![franz(FRANZ_POOL, "pool"), franz(FRANZ, "plain"), lines(FRANZ_LINES, read.to_vec(), 700.0)]
    }

    fn java(&self) -> Vec<Contestant> {
        let machine =
            |class: &str| ["java", "-Xms1g", "-Xmx1g", "-cp", self.class_path, class].map(str::to_owned).to_vec();
        let program = Program::Client { command: machine("Bench"), counted: None };
        let perf_tool = Program::PerfTool(machine("org.apache.kafka.tools.ProducerPerformance"));
        let scenarios = UNCOUNTED;
        // A JVM compiles what is hot, and needs to see it often.
        let java = Contestant { name: JAVA, program, mode: "", warmup: 2_000_000, share: 1, ns: 600.0, scenarios };
        let scenarios = &["R1", "R2", "R3"];
        let name = "Java's perf tool, its start included";
        vec![java.clone(), Contestant { name, program: perf_tool, scenarios, ..java }]
    }

    fn rdkafka(&self) -> Vec<Contestant> {
        let rdkafka = |name, mode, share, ns| {
            let program =
                Program::Client { command: vec![self.program("client"), "rdkafka".to_owned()], counted: None };
            Contestant { name, program, mode, warmup: 200_000, share, ns, scenarios: HAND_OVER }
        };
        let [_, _, threaded, base, future] = LIBRDKAFKA;
        vec![
            rdkafka(base, "base", 2, 1_000.0),
            rdkafka(threaded, "threaded", 2, 800.0),
            rdkafka(future, "future", 4, 3_000.0),
        ]
    }

    fn librdkafka(&self) -> Vec<Contestant> {
        let c = |name, mode, scenarios| {
            let program = Program::Client { command: vec![self.program("librdkafka")], counted: None };
            Contestant { name, program, mode, warmup: 200_000, share: 2, ns: 700.0, scenarios }
        };
        let [each, batch, ..] = LIBRDKAFKA;
        vec![c(each, "each", UNCOUNTED), c(batch, "batch", HAND_OVER)]
    }
}

fn lines(name: &'static str, command: Vec<String>, ns: f64) -> Contestant {
    Contestant { name, program: Program::Lines(command), mode: "", warmup: 0, share: 1, ns, scenarios: &["pipe"] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ALL as SCENARIOS;

    #[test]
    fn everybody_has_a_name_of_its_own_and_scenarios_that_there_are() {
        let rivals = ["franz-go", "java", "rdkafka", "librdkafka", "krafka", "rskafka", "kcat"].map(str::to_owned);
        let programs = Programs { folder: Path::new("/"), milena: "milena", class_path: "", rivals: &rivals };
        let all = programs.contestants();
        let mut names: Vec<_> = all.iter().map(|one| one.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
        for id in all.iter().flat_map(|one| one.scenarios) {
            assert!(SCENARIOS.iter().any(|scenario| scenario.id == *id), "{id}");
        }
    }
}
