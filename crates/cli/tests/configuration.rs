//! Mistakes in the arguments and settings: each is named, and nothing is sent.

mod support;

use support::{Ran, Scratch, run};

/// `milena produce` with these settings, towards a broker that is never asked.
fn with(properties: &[&str]) -> Ran {
    let mut args = vec!["produce", "-b", "127.0.0.1:1", "orders"];
    for property in properties {
        args.extend(["-X", property]);
    }
    run(&args, "a\n")
}

#[test]
fn an_unknown_setting_brings_the_nearest_name() {
    let ran = with(&["linger.sm=5"]);
    ran.assert_code(2);
    ran.assert_says("error: -X: linger.sm: no such setting; did you mean linger.ms?");
}

#[test]
fn every_forbidden_combination_names_its_knobs() {
    let combinations: [(&[&str], [&str; 2]); 8] = [
        (&["acks=1", "enable.idempotence=true"], ["acks", "enable.idempotence"]),
        (&["acks=0", "enable.idempotence=true"], ["acks", "enable.idempotence"]),
        (&["retries=0", "enable.idempotence=true"], ["retries", "enable.idempotence"]),
        (
            &["max.in.flight.requests.per.connection=6", "enable.idempotence=true"],
            ["max.in.flight.requests.per.connection", "enable.idempotence"],
        ),
        (
            &["delivery.timeout.ms=10", "linger.ms=5", "request.timeout.ms=6"],
            ["delivery.timeout.ms", "request.timeout.ms"],
        ),
        (&["buffer.memory=1000"], ["buffer.memory", "batch.size"]),
        (&["acks=2"], ["acks", "must be one of"]),
        (&["compression.type=rar"], ["compression.type", "must be one of"]),
    ];
    for (properties, names) in combinations {
        let ran = with(properties);
        ran.assert_code(2);
        names.iter().for_each(|name| ran.assert_says(name));
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_origin() {
    let scratch = Scratch::new();
    let config = scratch.file("p.properties", "linger.ms=soon\nkey.serializer=com.example.OrderSerializer\n");
    let ran = run(&["produce", "orders", "--config", &config, "-X", "ackz=1"], "a\n");
    ran.assert_code(2);
    ran.assert_says(&format!("error: --config {config}: linger.ms = \"soon\""));
    ran.assert_says("key.serializer = \"com.example.OrderSerializer\": no such serializer here");
    ran.assert_says("error: -X: ackz: no such setting; did you mean acks?");
}

#[test]
fn a_config_file_that_cannot_be_read_is_named() {
    let scratch = Scratch::new();
    let ran = run(&["produce", "orders", "--config", "/nowhere/p.properties"], "a\n");
    ran.assert_code(2);
    ran.assert_says("--config /nowhere/p.properties: No such file or directory");
    let config = scratch.file("p.properties", "acks=1\nlinger.ms=\\u12\n");
    let ran = run(&["produce", "orders", "--config", &config], "a\n");
    ran.assert_code(2);
    ran.assert_says("line 2");
}

#[test]
fn flags_that_contradict_the_input_form_are_refused() {
    let ran = run(&["produce", "orders", "--input", "json", "--key-separator", ":"], "");
    ran.assert_code(2);
    ran.assert_says("--key-separator is for --input lines");
    for args in [&["--key-separator", r"\q"][..], &["--key-separator", ""], &["--max-line-bytes", "0"], &["-X", "acks"]]
    {
        run(&[&["produce", "orders"], args].concat(), "").assert_code(2);
    }
}

#[test]
fn help_says_how_to_find_settings_and_what_the_exit_status_means() {
    let ran = run(&["produce", "--help"], "");
    ran.assert_code(0);
    for part in
        ["milena config list", "\"key\": \"42\"", "130  interrupted", "rejected_line", "max.block.ms is 15000 here"]
    {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let end = ran.stdout.rsplit_once("Settings:").unwrap().1;
    assert!(end.contains("milena config explain NAME") && end.lines().count() < 7, "{end}");
}

#[test]
fn the_version_is_the_packages() {
    let ran = run(&["--version"], "");
    ran.assert_code(0);
    assert_eq!(ran.stdout, format!("milena {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn settings_are_listed_and_explained() {
    let list = run(&["config", "list"], "");
    list.assert_code(0);
    assert!(list.stdout.lines().any(|line| line.split_whitespace().eq(["linger.ms", "5"])), "{list:?}");
    let one = run(&["config", "explain", "linger.ms"], "");
    one.assert_code(0);
    assert!(one.stdout.contains("default: 5") && one.stdout.contains("How long an open batch"), "{one:?}");
    let registrys = run(&["config", "explain", "basic.auth.user.info"], "");
    registrys.assert_code(0);
    assert!(registrys.stdout.contains("(schema registry)"), "{registrys:?}");
    run(&["config", "explain", "use.latest.versin"], "").assert_says("did you mean use.latest.version?");
    let unknown = run(&["config", "explain", "linger"], "");
    unknown.assert_code(2);
    unknown.assert_says("no setting is called linger; did you mean linger.ms?");
}
