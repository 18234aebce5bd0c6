//! How the command ends: one number a kind of ending, so that a script can tell them apart.

use std::process::ExitCode;

/// The exit status. Where several apply, the later variant wins: see [`Exit::worse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Every record was acknowledged.
    Acknowledged,
    /// Every record was acknowledged, but some of the input was not a record.
    BadInput,
    /// Some records failed, or may or may not be written.
    Failed,
    /// The cluster or the topic could not be used, so the run stopped early.
    Unreachable,
    /// Records failed and could not be kept in the dead-letter file.
    DeadLettersLost,
    /// Ctrl-C, or SIGTERM.
    Interrupted,
    /// Nothing was started: the arguments or the configuration are wrong.
    Usage,
}

impl Exit {
    /// For `--help`.
    pub(crate) const HELP: &str = "\
Exit status:
  0    every record was acknowledged
  1    some records failed, or may or may not be written
  2    wrong arguments or configuration; nothing was sent
  3    some of the input was not a record or could not be read; every record was acknowledged
  4    the cluster or the topic could not be used; the run stopped early
  5    records failed and the dead-letter file could not take them
  130  interrupted by Ctrl-C or SIGTERM";

    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Acknowledged => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::BadInput => 3,
            Self::Unreachable => 4,
            Self::DeadLettersLost => 5,
            Self::Interrupted => 130,
        }
    }

    /// The one that says more about what must be done next.
    pub(crate) fn worse(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn every_status_is_in_the_help() {
        let endings = [
            Exit::Acknowledged,
            Exit::BadInput,
            Exit::Failed,
            Exit::Unreachable,
            Exit::DeadLettersLost,
            Exit::Interrupted,
            Exit::Usage,
        ];
        for exit in endings {
            let line = format!("\n  {:<4} ", exit.code());
            assert!(Exit::HELP.contains(&line), "{exit:?}");
        }
    }

    #[test]
    fn a_failed_record_weighs_more_than_a_bad_line() {
        assert_eq!(Exit::BadInput.worse(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Interrupted.worse(Exit::Failed), Exit::Interrupted);
    }
}
