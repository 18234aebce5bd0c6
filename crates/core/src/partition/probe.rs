//! OUT_OF_ORDER_SEQUENCE_NUMBER: what the broker still knows is found out from the newest batch down.

use super::log_end::LogEnd;
use super::{Answer, Mode, Pace, Partition, Turn};
use crate::error::DeliveryFailure;
use crate::output::Level;
use crate::verdict::Attempt;
use milena_wire::error_code::ErrorCode;

/// Sweeps of probes, newest to oldest, all refused, before the broker is believed.
const SWEEPS: u32 = 3;

impl Partition {
    /// OUT_OF_ORDER_SEQUENCE_NUMBER: rule 2 above.
    pub(super) fn out_of_order(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        let newest = self.numbered.len().saturating_sub(1);
        let Some(numbered) = self.numbered.get_mut(at) else { return };
        numbered.trouble = Some(answer.to_string().into());
        self.pace = Pace::First;
        if numbered.overtaken.is_some() {
            self.overtaken_refused(at, answer, turn);
            return;
        }
        match self.mode {
            Mode::Probing { at: probed, sweeps, .. } if probed == at => self.probe_refused(at, sweeps, turn),
            Mode::Going | Mode::BackingOff { .. } if at == 0 => {
                self.notice(turn, Level::Warn, "out of order to the oldest batch: probing from the newest");
                self.mode = Mode::Probing { at: newest, sweeps: 0, until: turn.now };
                self.log_end = LogEnd::Wanted(0);
            }
            // An older one decides.
            _ => {}
        }
    }

    /// A newer batch is in the log under the same epoch, so this one will not get there any more. Whether it is there, and
    /// the broker has forgotten it, or never was, nobody tells.
    fn overtaken_refused(&mut self, at: usize, answer: &Answer, turn: &mut Turn<'_>) {
        if self.numbered.get(at).is_some_and(|numbered| numbered.uncertain.is_some()) {
            let message = Some("a newer batch is in the log, of this one the broker knows nothing".into());
            self.fail_at(at, &DeliveryFailure::Rejected { code: answer.code, message }, turn);
        } else {
            self.refuse(at, Attempt::Refused, answer, turn);
        }
        if let Mode::Probing { at: probed, sweeps, .. } = self.mode
            && probed == at
        {
            let older = at.checked_sub(1).map(|at| Mode::Probing { at, sweeps, until: turn.now });
            self.mode = older.unwrap_or(Mode::Going);
        }
    }

    fn probe_refused(&mut self, at: usize, sweeps: u32, turn: &mut Turn<'_>) {
        if let Some(at) = at.checked_sub(1) {
            self.mode = Mode::Probing { at, sweeps, until: turn.now };
            return;
        }
        let last_uncertain = self.numbered.iter().filter_map(|numbered| numbered.uncertain).max();
        // A request of ours may still lie in a broker that hangs: it is given the time that a request may take.
        let quiet = last_uncertain.is_none_or(|at| turn.now >= at + turn.rules.request_timeout);
        if sweeps + 1 >= SWEEPS && quiet {
            self.not_in_the_log(turn);
            return;
        }
        let newest = self.numbered.len().saturating_sub(1);
        self.failures += 1;
        let until = turn.now + turn.rules.backoff.after(self.failures, turn.chance);
        self.mode = Mode::Probing { at: newest, sweeps: sweeps + 1, until };
    }

    /// Every probe was refused: none of the numbered batches is in the log.
    fn not_in_the_log(&mut self, turn: &mut Turn<'_>) {
        self.mode = Mode::Going;
        if self.hole {
            self.blame_the_hole(turn);
            return;
        }
        let acknowledged = self.floor.map_or(-1, |floor| floor - 1);
        self.notice(
            turn,
            Level::Error,
            &format!("the broker lost records that it had acknowledged, up to offset {acknowledged}"),
        );
        turn.stats.data_losses += 1;
        while !self.numbered.is_empty() {
            self.fail_at(0, &DeliveryFailure::DataLoss { acknowledged }, turn);
        }
        self.floor = None;
        self.hole = true;
    }

    /// They were refused because of the hole, and are numbered again; but for what was given up on already, and for what may be
    /// written and stands in the shadow of another: of that the refusal proves nothing. Nor is anything numbered again behind the
    /// last epoch that may be written: a new producer id does not fence the requests of the old one, as the next epoch does, and a
    /// late one would write it twice.
    fn blame_the_hole(&mut self, turn: &mut Turn<'_>) {
        let unfenced = self.identity.is_some_and(|identity| identity.epoch == i16::MAX);
        let message = Some("another batch was given up that may be written: whether this one is cannot be told".into());
        let untold = DeliveryFailure::Rejected { code: ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, message };
        for index in (0..self.numbered.len()).rev() {
            let Some(numbered) = self.numbered.get_mut(index) else { continue };
            let in_the_dark = (self.shadow || unfenced) && numbered.uncertain.is_some();
            if !in_the_dark {
                numbered.uncertain = None;
            }
            if in_the_dark || numbered.reported {
                self.fail_at(index, &untold, turn);
            }
        }
    }

    /// The queue may have become shorter while it is probed.
    pub(super) fn probe_within_bounds(&mut self) {
        if let Mode::Probing { at, sweeps, until } = self.mode {
            self.mode = match self.numbered.len().checked_sub(1) {
                Some(newest) => Mode::Probing { at: at.min(newest), sweeps, until },
                None => Mode::Going,
            };
        }
    }
}
