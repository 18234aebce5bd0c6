//! A program that is given so much time.

use anyhow::{Context, Result, ensure};
use std::io::Read;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether it has ended.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that the child prints, once it has ended well. Killed when that takes longer than `patience`.
///
/// Its output must be piped, and it must print less than a pipe holds.
///
/// # Errors
/// A child that ends badly or not in time, with the end of what it wrote to a piped stderr.
pub fn output(mut child: Child, patience: Duration) -> Result<String> {
    let status = wait(&mut child, patience, |_| ())?;
    let mut text = Vec::new();
    child.stdout.take().context("its output is piped")?.read_to_end(&mut text)?;
    ensure!(status.success(), "{}", last_words(&mut child, status));
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How it ended. `watch` is called now and then with its process id.
///
/// # Errors
/// A child that has not ended in time, and was killed.
pub fn wait(child: &mut Child, patience: Duration, mut watch: impl FnMut(u32)) -> Result<ExitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        watch(child.id());
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("not done after {} s", patience.as_secs());
        }
        thread::sleep(GLANCE);
    }
}

/// Its status and the last line that it wrote to stderr.
pub fn last_words(child: &mut Child, status: ExitStatus) -> String {
    let mut text = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_end(&mut text);
    }
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    format!("{status}: {last}").trim_end_matches(": ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("there is a shell")
    }

    #[test]
    fn what_it_printed_or_why_it_failed() {
        assert_eq!(output(shell("echo records=1"), Duration::from_secs(30)).expect("it ends"), "records=1\n");
        let error = output(shell("echo out of luck >&2; exit 3"), Duration::from_secs(30)).expect_err("it fails");
        assert_eq!(error.to_string(), "exit status: 3: out of luck");
    }

    #[test]
    fn one_that_does_not_end_is_killed() {
        let error = output(shell("exec sleep 600"), Duration::ZERO).expect_err("it does not end");
        assert_eq!(error.to_string(), "not done after 0 s");
    }
}
