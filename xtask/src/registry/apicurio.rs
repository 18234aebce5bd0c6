//! Apicurio Registry: the real rules of compatibility. From Maven, in memory.

use super::Kind;
use super::server::{Server, Start, folder};
use crate::kafka::{java_major, ports};
use anyhow::{Context, Result, bail, ensure};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The newest needs Java 21; the last of the line before does with 17.
const NEWEST: (&str, &str, u32) = ("3.3.3", "quarkus-run.jar", 21);
const OLDER: (&str, &str, u32) = ("2.6.13.Final", "apicurio-registry-app-2.6.13.Final-runner.jar", 17);

const PATH: &str = "/apis/ccompat/v7";

pub(crate) fn start(detached: bool) -> Result<Server> {
    let (java, (version, jar, _)) = java()?;
    let dir = fetched(version, jar)?;
    let [port, management] = ports::free(2)?[..] else { bail!("no free ports") };
    let mark = format!("-Dmilena.registry={}", folder(Kind::Apicurio).display());
    let mut command = Command::new(java);
    command.current_dir(&dir).args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx384m"]).arg(&mark);
    for setting in [
        "quarkus.http.host=127.0.0.1".to_owned(),
        format!("quarkus.http.port={port}"),
        "quarkus.management.host=127.0.0.1".to_owned(),
        format!("quarkus.management.port={management}"),
    ] {
        command.arg(format!("-D{setting}"));
    }
    command.args(["-jar", jar]);
    let server = Server::start(Start { kind: Kind::Apicurio, command, port, path: PATH, mark, detached })?;
    // Confluent's default level; Apicurio's own is NONE.
    let status = server.ask_again("PUT", &format!("{PATH}/config"), r#"{"compatibility":"BACKWARD"}"#)?;
    ensure!(status == 200, "Apicurio refused the compatibility level with {status}");
    Ok(server)
}

/// The newest Java here, and the newest registry that it runs.
fn java() -> Result<(PathBuf, (&'static str, &'static str, u32))> {
    let named = env::var_os("JAVA21").map(PathBuf::from);
    let installed = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let installed = installed.map(|entry| entry.path().join("bin/java"));
    let all = named.into_iter().chain(["java".into()]).chain(installed);
    let with_major: Vec<_> = all.filter_map(|java| Some((java_major(&java)?, java))).collect();
    for registry in [NEWEST, OLDER] {
        if let Some((_, java)) = with_major.iter().find(|(major, _)| *major >= registry.2) {
            return Ok((java.clone(), registry));
        }
    }
    bail!(
        "Apicurio needs Java 17, its newest version 21, and there is none here: apt-get install -y openjdk-17-jdk-headless"
    )
}

/// The folder with its jar, fetched by Maven once (158 MB).
fn fetched(version: &str, jar: &str) -> Result<PathBuf> {
    let dir = folder(Kind::Apicurio).join(version);
    if dir.join(jar).exists() {
        return Ok(dir);
    }
    fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    eprintln!("fetching Apicurio Registry {version} with Maven into {}", dir.display());
    let artifact = format!("io.apicurio:apicurio-registry-app:{version}:tar.gz:all");
    maven(&["dependency:get", "-Dtransitive=false", &format!("-Dartifact={artifact}")])?;
    let output = format!("-DoutputDirectory={}", dir.display());
    maven(&["dependency:copy", &format!("-Dartifact={artifact}"), &output])?;
    let archive = dir.join(format!("apicurio-registry-app-{version}-all.tar.gz"));
    unpack(&archive, &dir)?;
    fs::remove_file(&archive)?;
    ensure!(dir.join(jar).exists(), "the archive of Apicurio {version} has no {jar}");
    Ok(dir)
}

fn maven(arguments: &[&str]) -> Result<()> {
    let mut maven = Command::new("mvn");
    maven.args(["--quiet", "--batch-mode"]).args(arguments).stdin(Stdio::null()).stdout(std::io::stderr());
    let status = maven.status().context("mvn (Apache Maven 3.6 or newer) must be on the path to fetch Apicurio")?;
    ensure!(status.success(), "mvn {arguments:?} failed: {status}");
    Ok(())
}

fn unpack(archive: &Path, dir: &Path) -> Result<()> {
    let status = Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(dir).status().context("tar does not run")?;
    ensure!(status.success(), "{} cannot be unpacked", archive.display());
    Ok(())
}
